"""Events that CleverTap makes itself: nobody else may send one of such a name."""

SYSTEM_EVENTS = (
    *("Stayed", "Notification Clicked", "Notification Viewed", "UTM Visited"),
    *("Notification Sent", "App Launched", "App Uninstalled", "Notification Bounced"),
    *("Geocluster Entered", "Geocluster Exited", "SCOutgoing", "SCIncoming", "SCEnd"),
    *("SCCampaignOptOut", "wzrk_d", "App Installed", "Push Impressions", "App Version Changed"),
    *("Notification Replied", "Reply Sent", "State Transitioned", "Session Concluded"),
    *("Channel Unsubscribed", "Identity Set", "Identity Reset", "Identity Error", "Reachable By"),
)
