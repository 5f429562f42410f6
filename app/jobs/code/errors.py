"""What can be wrong with the code of a job. Members of the zip are named by position, from 1.

TooLarge ── ZipTooLarge
CodeRefused
├── the zip          NotZip · ZipTruncated · ZipDamaged · ZipSplit · ZipHasStrayData
│                    TooManyMembers · TooManyFolders · UnpacksTooLarge · ZipChanged
├── a member         MemberRefused
│   ├── its name     NameNotText · NameNotPrintable · NameWithBackslash · NameTooLong · NameEmpty
│   │                MemberAbsolute · MemberClimbs · MemberDuplicated · MemberInsideFile
│   ├── its kind     MemberIsLink · MemberIsSpecial · MemberEncrypted · CompressionUnknown
│   └── its content  HeadersDiffer · MembersOverlap · MemberDamaged · ChecksumDiffers
│                    SizeDiffers · RatioTooHigh
├── main.py          NoMainFile · MainFileTooLarge · CodeSyntaxError · NoMainFunction
│                    MainNotFunction · MainNotPlain · TooManyParameters
└── requirements.txt RequirementsTooLarge · RequirementsNotText · RequirementRefused
                     RequirementsFailed · RequirementsTimedOut · LayerTooLarge
Invalid ──── KeptContentDamaged
Unavailable  PackageIndexUnavailable
"""

from datetime import timedelta

from app.core.errors import Invalid, TooLarge, Unavailable


class ZipTooLarge(TooLarge):
    """The zip is larger than the {most_bytes} bytes that the plan allows."""


class CodeRefused(Invalid):
    """The code cannot be taken."""


class NotZip(CodeRefused):
    """The content is not a zip."""


class ZipTruncated(CodeRefused):
    """The zip ends too early; send all of it."""


class ZipDamaged(CodeRefused):
    """The zip's directory cannot be read: {problem}."""


class ZipSplit(CodeRefused):
    """The zip is one part of several; send one that is whole."""


class ZipHasStrayData(CodeRefused):
    """The zip holds bytes that belong to no member, from byte {offset} on."""


class TooManyMembers(CodeRefused):
    """The zip has more than {most} members, folders included."""


class TooManyFolders(CodeRefused):
    """The members of the zip lie in more than {most} folders."""


class UnpacksTooLarge(CodeRefused):
    """The zip holds more than {most_bytes} bytes, unpacked."""


class ZipChanged(CodeRefused):
    """The zip is not the one that was inspected."""


class MemberRefused(CodeRefused):
    """Member {position} ({name}) cannot be taken."""


class NameNotText(MemberRefused):
    """The name of member {position} ({name}) is not UTF-8."""


class NameNotPrintable(MemberRefused):
    """The name of member {position} ({name}) holds a character that cannot be seen."""


class NameWithBackslash(MemberRefused):
    """The name of member {position} ({name}) holds a backslash; folders are parted by /."""


class NameTooLong(MemberRefused):
    """The name of member {position} ({name}) is too long: {most} bytes a step, 1,000 in all."""


class NameEmpty(MemberRefused):
    """Member {position} has no name."""


class MemberAbsolute(MemberRefused):
    """Member {position} ({name}) has an absolute path."""


class MemberClimbs(MemberRefused):
    """Member {position} ({name}) climbs out of its folder with `..`."""


class MemberDuplicated(MemberRefused):
    """Member {position} ({name}) has the same name as member {earlier}, case disregarded."""


class MemberInsideFile(MemberRefused):
    """Member {position} ({name}) lies in a folder that is also a file, member {earlier}."""


class MemberIsLink(MemberRefused):
    """Member {position} ({name}) is a link."""


class MemberIsSpecial(MemberRefused):
    """Member {position} ({name}) is neither a file nor a folder."""


class MemberEncrypted(MemberRefused):
    """Member {position} ({name}) is encrypted."""


class CompressionUnknown(MemberRefused):
    """Member {position} ({name}) is packed in a way other than stored or deflated."""


class HeadersDiffer(MemberRefused):
    """The two headers of member {position} ({name}) do not say the same."""


class MembersOverlap(MemberRefused):
    """Member {position} ({name}) shares bytes of the zip with another or with the directory."""


class MemberDamaged(MemberRefused):
    """Member {position} ({name}) cannot be unpacked."""


class ChecksumDiffers(MemberRefused):
    """The content of member {position} ({name}) does not have its checksum."""


class SizeDiffers(MemberRefused):
    """The content of member {position} ({name}) does not have the size that its header says."""


class RatioTooHigh(CodeRefused):
    """{what} unpacks to more than {most} times its packed size."""


class NoMainFile(CodeRefused):
    """The zip has no main.py, neither at its root nor in src/; zip what is in the folder, not
    the folder.
    """


class MainFileTooLarge(CodeRefused):
    """{name} is larger than {most_bytes} bytes; put data into other files."""


class CodeSyntaxError(CodeRefused):
    """{name} is not valid Python {version}: line {line} cannot be understood."""


class NoMainFunction(CodeRefused):
    """{name} defines no function called main."""


class MainNotFunction(CodeRefused):
    """In {name}, main on line {line} is not a function defined there; write def main(event)."""


class MainNotPlain(CodeRefused):
    """In {name}, main on line {line} is {kind}: calling it would do nothing; use a plain def."""


class TooManyParameters(CodeRefused):
    """In {name}, main on line {line} needs more than one argument; it is given the event."""


class RequirementsTooLarge(CodeRefused):
    """requirements.txt has more than {most_bytes} bytes or {most_lines} requirements."""


class RequirementsNotText(CodeRefused):
    """requirements.txt is not UTF-8 text."""


class RequirementRefused(CodeRefused):
    """Line {line} of requirements.txt cannot be taken: {reason}."""


class RequirementsFailed(CodeRefused):
    """The requirements could not be installed: {words}"""


class RequirementsTimedOut(CodeRefused):
    """The requirements could not be installed within {seconds} seconds."""


class LayerTooLarge(CodeRefused):
    """The requirements take more than {most_bytes} bytes, installed."""


class KeptContentDamaged(Invalid):
    """What is kept of this code is damaged; upload it again."""


class PackageIndexUnavailable(Unavailable):
    """The index of packages cannot be reached right now; the same call may work in a moment."""

    retry_after = timedelta(minutes=1)
