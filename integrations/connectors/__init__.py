"""The connectors there are. A new one is a module and a line here."""

from integrations.connectors.clevertap import CleverTap
from integrations.connectors.clevertap_sftp import CleverTapSFTP
from integrations.connectors.rokt import Rokt
from integrations.connectors.s3 import S3
from integrations.connectors.salesforce_dmp import SalesforceDMP
from integrations.connectors.sftp_v2 import SFTPv2
from integrations.connectors.treasure_data import TreasureData

CONNECTORS = {
    connector.name: connector
    for connector in (
        SFTPv2,
        S3,
        Rokt,
        CleverTap,
        CleverTapSFTP,
        SalesforceDMP,
        TreasureData,
    )
}
