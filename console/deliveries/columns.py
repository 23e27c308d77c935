"""What the name of a column says of its values: which identifier they are, if any."""

import re

EMAIL, PHONE, CUSTOMER, USER, DEVICE = "email", "phone", "customer_id", "user_id", "device_id"
HASH = "hash"
# Names in lower case without anything between their words. A longer name may end with one.
NAMES = {
    EMAIL: "email mail emailaddress mailaddress emailid mailid",
    PHONE: "phone phonenumber phoneno telephone telephonenumber tel mobile mobilenumber "
    "mobilephone cell cellphone msisdn whatsapp",
    CUSTOMER: "customerid customerkey customerno customernumber custid clientid contactid "
    "crmid memberid membernumber loyaltyid canonicalid",
    USER: "userid useridentity identity accountid subscriberid personid profileid externalid "
    "kuid fbid gpid uid uuid",
    DEVICE: "deviceid objectid idfa idfv gaid aaid adid maid advertisingid cookieid tdclientid "
    "tdglobalid tdsscid pushtoken devicetoken registrationid",
    HASH: "hash hashed sha sha1 sha256 md5",
}
TYPES = {name: kind for kind, names in NAMES.items() for name in names.split()}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def type_of(name: str) -> str:
    """Return which identifier a column with the name holds; nothing where it does not tell.

    It is what its last words mean: billing_email is an e-mail address, email_opt_in is none.
    """
    words = [word.lower() for word in WORD.findall(name)]
    endings = ("".join(words[place:]) for place in range(len(words)))
    return next((TYPES[ending] for ending in endings if ending in TYPES), "")


def types_of(names: list[str], contract: dict[str, str]) -> dict[str, str]:
    """Return what each column holds. What the receiver calls them comes first."""
    told = {name.casefold(): kind for name, kind in contract.items()}
    return {name: told.get(name.casefold()) or type_of(name) for name in names}
