"""A zip, read strictly: it is what its central directory lists, byte for byte, or it is refused.

end of the directory ──▶ directory: entries ──▶ names, kinds ──▶ layout: the members fill the zip
                                                                    └──▶ unpacked, counted, checked
"""
