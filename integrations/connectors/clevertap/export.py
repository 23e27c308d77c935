"""What is sent to CleverTap, and how."""

from django import forms

from integrations.connectors.guard import GuardSettings, never_empty
from integrations.settings_form import FlagField, advanced, only_when


class Export(GuardSettings):
    target = forms.ChoiceField(
        label="Target Data Entity",
        initial="user_profiles",
        choices={
            "user_profiles": "User Profiles",
            "user_events": "User Events",
            "custom_list": "User Audiences - Custom List",
        },
        help_text="What the rows are in CleverTap.",
    )
    profile_operation = only_when(
        forms.ChoiceField(
            label="User Profiles operation",
            initial="upload_profiles",
            choices={
                "upload_profiles": "Upload User Profiles",
                "upload_tokens": "Upload Device Tokens",
                "demerge": "Demerge User Profile",
                "subscribe": "Update Email/Phone Subscription",
                "disassociate": "Disassociate a Phone Number",
            },
            help_text="What becomes of the profiles.",
        ),
        target="user_profiles",
    )
    array_operation = only_when(
        forms.ChoiceField(
            label="Array Property Operation",
            initial="replace",
            choices={"replace": "Replace", "append": "Append", "remove": "Remove"},
            help_text="What becomes of the values that an array property has: columns that are "
            "arrays, or texts that are a JSON array.",
        ),
        profile_operation="upload_profiles",
    )
    custom_list_name = only_when(
        forms.CharField(
            label="Name for Custom List Upload",
            max_length=120,
            help_text="The name of the segment in CleverTap's dashboard.",
        ),
        target="custom_list",
    )
    custom_list_email = only_when(
        forms.EmailField(
            label="Custom List Upload User Email",
            help_text="E-mail address of a CleverTap user with an Admin role; with another one "
            "the job fails.",
        ),
        target="custom_list",
    )
    segment_mode = only_when(
        forms.ChoiceField(
            label="Segment Operation Mode",
            initial="create",
            choices={"create": "Create New Segment", "update": "Update Existing Segment"},
            help_text="Create for a list that is sent once: it fails where the name exists. "
            "Update, for schedules, replaces the people of a segment that exists.",
        ),
        target="custom_list",
    )
    thread_count = advanced(
        only_when(
            forms.IntegerField(
                label="Thread Count",
                initial=5,
                min_value=1,
                max_value=10,
                help_text="Requests at the same time, from 1 to 10. CleverTap takes 15 uploads "
                "from an account at once; other operations are sent 3 at a time at most.",
            ),
            target=("user_profiles", "user_events"),
        )
    )
    unanswered = advanced(
        only_when(
            forms.ChoiceField(
                label="Events without an answer",
                initial="list",
                choices={
                    "list": "List its rows as not delivered",
                    "send": "Send the batch again",
                },
                help_text="When the connection is lost before CleverTap has answered, nobody "
                "knows whether it took the batch. Listed, its events may be missing until "
                "somebody looks and sends them again; sent again, they may be there twice: up to "
                "1,000 for each request that was under way. All other data is sent again: twice "
                "is the same as once.",
            ),
            target="user_events",
        )
    )
    empty_result = never_empty()
    skip_invalid = FlagField(
        label="Skip on Invalid Record",
        help_text="Leave out records that are not valid, and list them on the job's page. "
        "Otherwise the job stops at the first ones.",
    )
    field_order = ["target", "profile_operation", "array_operation", "custom_list_name"]
