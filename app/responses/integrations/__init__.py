"""Foreign webhooks: what an integration sends, turned into one response item.

    form or JSON ──bodies.read──▶ fields ──rules.apply(mapping)──▶ {external_id?, campaign, person…}

The mapping is checked when it is saved. What a body holds is judged later, with the item.
"""
