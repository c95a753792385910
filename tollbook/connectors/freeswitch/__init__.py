"""FreeSWITCH: CDRs that it sends by mod_xml_cdr or mod_json_cdr, orders through its event socket."""
