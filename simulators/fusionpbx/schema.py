"""Four generations of FusionPBX's tables, as data: which columns there are, and of which types.

"5.2" and "5.3" write `enabled` as text, "5.5" and "2026" as a boolean; 2026 brought `call_disposition` and `processed`.
Which of the lesser columns 5.2 lacked is our choice: it is to differ where a reader might not expect it.
"""

from collections.abc import Mapping

Columns = Mapping[str, str]  # name → type, in the order of the table
Tables = Mapping[str, Columns]

FLAG = "flag"  # text 'true'/'false' in old generations, boolean in new ones

CALLS = "v_xml_cdr"
DETAILS = "v_xml_cdr_json"


def _columns(text: str) -> dict[str, str]:
    """A type, a colon, and the columns of that type, line by line."""
    lines = [line.partition(":") for line in text.strip().splitlines()]
    return {name: kind.strip() for kind, _, names in lines for name in names.split()}


TABLES: dict[str, dict[str, str]] = {
    CALLS: _columns("""
        uuid: xml_cdr_uuid domain_uuid provider_uuid extension_uuid
        text: sip_call_id domain_name accountcode direction default_language context
        text: caller_id_name caller_id_number caller_destination source_number destination_number
        numeric: start_epoch
        timestamptz: start_stamp answer_stamp
        numeric: answer_epoch end_epoch
        timestamptz: end_stamp
        numeric: duration mduration billsec billmsec hold_accum_seconds
        text: bridge_uuid read_codec read_rate write_codec write_rate remote_media_ip network_addr
        text: record_path record_name
        numeric: record_length
        text: record_transcription
        char(1): leg
        uuid: originating_leg_uuid
        numeric: pdd_ms rtp_audio_in_mos
        text: last_app last_arg
        boolean: voicemail_message missed_call
        uuid: call_center_queue_uuid
        text: cc_side
        uuid: cc_member_uuid
        numeric: cc_queue_joined_epoch
        text: cc_queue
        uuid: cc_member_session_uuid cc_agent_uuid
        text: cc_agent cc_agent_type cc_agent_bridged
        numeric: cc_queue_answered_epoch cc_queue_terminated_epoch cc_queue_canceled_epoch
        text: cc_cancel_reason cc_cause
        numeric: waitsec
        text: conference_name
        uuid: conference_uuid
        text: conference_member_id digits_dialed pin_number hangup_cause
        numeric: hangup_cause_q850
        text: sip_hangup_disposition status call_disposition
        uuid: ring_group_uuid ivr_menu_uuid
        jsonb: call_flow
        text: xml
        jsonb: json
        boolean: processed
        timestamptz: insert_date
        uuid: insert_user
        timestamptz: update_date
        uuid: update_user
        """),
    DETAILS: _columns("""
        uuid: xml_cdr_json_uuid xml_cdr_uuid domain_uuid
        timestamptz: start_stamp
        jsonb: json
        """),
    "v_domains": _columns("""
        uuid: domain_uuid domain_parent_uuid
        text: domain_name
        boolean: domain_enabled
        text: domain_description
        """),
    "v_extensions": _columns("""
        uuid: extension_uuid domain_uuid
        text: extension number_alias password accountcode effective_caller_id_name effective_caller_id_number
        text: outbound_caller_id_name outbound_caller_id_number emergency_caller_id_name emergency_caller_id_number
        text: user_context toll_allow
        numeric: limit_max
        text: limit_destination call_group nibble_account
        flag: forward_all_enabled
        text: forward_all_destination
        flag: forward_busy_enabled
        text: forward_busy_destination
        flag: forward_no_answer_enabled
        text: forward_no_answer_destination
        flag: do_not_disturb enabled
        text: description
        """),
    "v_gateways": _columns("""
        uuid: gateway_uuid domain_uuid
        text: gateway username proxy register context profile hostname
        numeric: channels
        flag: enabled
        text: description
        """),
    "v_destinations": _columns("""
        uuid: destination_uuid domain_uuid
        text: destination_type destination_number destination_prefix destination_trunk_prefix destination_area_code
        text: destination_accountcode destination_context
        flag: destination_enabled
        text: destination_description
        """),
    "v_extension_users": _columns("uuid: extension_user_uuid domain_uuid extension_uuid user_uuid"),
    "v_default_settings": _columns("""
        uuid: default_setting_uuid
        text: default_setting_category default_setting_subcategory default_setting_name default_setting_value
        flag: default_setting_enabled
        text: default_setting_description
        """),
    "v_domain_settings": _columns("""
        uuid: domain_setting_uuid domain_uuid
        text: domain_setting_category domain_setting_subcategory domain_setting_name domain_setting_value
        flag: domain_setting_enabled
        text: domain_setting_description
        """),
}
CONTROL_TABLES = tuple(name for name in TABLES if name not in {CALLS, DETAILS})

NEW_IN_2026 = {"call_disposition", "processed"}
NEW_IN_5_3 = {
    "insert_date",
    "insert_user",
    "update_date",
    "update_user",
    "record_transcription",
    "call_center_queue_uuid",
    "cc_agent_uuid",
    "cc_agent_bridged",
    "ring_group_uuid",
    "ivr_menu_uuid",
    "rtp_audio_in_mos",
}


def _generation(*, flag: str, without: set[str], details: bool) -> Tables:
    tables = {name: columns for name, columns in TABLES.items() if details or name != DETAILS}
    return {
        table: {
            name: flag if kind == FLAG else kind
            for name, kind in columns.items()
            if table != CALLS or name not in without
        }
        for table, columns in tables.items()
    }


GENERATIONS: Mapping[str, Tables] = {
    "5.2": _generation(flag="text", without=NEW_IN_2026 | NEW_IN_5_3, details=False),
    "5.3": _generation(flag="text", without=NEW_IN_2026, details=True),
    "5.5": _generation(flag="boolean", without=NEW_IN_2026, details=True),
    "2026": _generation(flag="boolean", without=set(), details=True),
}


def written_flag(kind: str, value: object) -> object:
    """Truth as a column of this type has it."""
    if kind == "text" and isinstance(value, bool):
        return "true" if value else "false"
    return value
