"""Who may call which route, on whose data: the one table.

A route stands here under its function's name, or it cannot be registered. For each role
the table says how far a call of it reaches:

- ``own``: what is the caller's own;
- ``children``: of learners to whom the caller is linked as a parent, by an active link;
- ``learners``: of every learner of the caller's tenant;
- ``tenant``: of everybody and everything in the caller's tenant;
- ``platform``: of every tenant.

Each covers what is the caller's own as well.
:data:`PUBLIC` is for routes that take no token. Who may reach one person is checked by
:func:`shared.people.check_reach`; what is not a person's, a service looks for in the
caller's tenant alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from shared.models.roles import ROLES, Role

Reach = Literal["own", "children", "learners", "tenant", "platform"]
Reaches = Mapping[Role, Reach]

PUBLIC: None = None
_EVERYBODY_OWN: Reaches = dict.fromkeys(ROLES, "own")
_EVERYBODY_OWN_AND_RECRUITERS: Reaches = {
    **_EVERYBODY_OWN,
    "recruiter": "tenant",
    "admin": "tenant",
}
_LEARNER_AND_THEIRS: Reaches = {
    "learner": "own",
    "parent": "children",
    "mentor": "learners",
    "admin": "tenant",
}

_LEARNER_AND_MENTORS: Reaches = dict.fromkeys(("learner", "parent", "mentor", "admin"), "own")

_RECRUITERS: Reaches = {"recruiter": "tenant", "admin": "tenant"}

_MENTORS: Reaches = {"mentor": "learners", "admin": "tenant"}

ACCESS: Mapping[str, Reaches | None] = {
    # the kernel
    "openapi": PUBLIC,
    "docs": PUBLIC,
    "docs_asset": PUBLIC,
    "health": PUBLIC,
    "health_flow": PUBLIC,
    "ready": PUBLIC,
    "ready_flow": PUBLIC,
    # accounts
    "users_register": PUBLIC,
    "users_confirm": PUBLIC,
    "users_me_read": _EVERYBODY_OWN,
    "users_me_update": _EVERYBODY_OWN,
    "users_me_password": _EVERYBODY_OWN,
    "users_me_export": _EVERYBODY_OWN,
    "users_me_erase": _EVERYBODY_OWN,
    "users_list": {"mentor": "learners", "admin": "tenant", "operator": "tenant"},
    "users_read": {
        "learner": "own",
        "parent": "children",
        "mentor": "learners",
        "admin": "tenant",
        "operator": "tenant",
    },
    "users_update": {"admin": "tenant", "operator": "tenant"},
    "users_export": {"parent": "children", "admin": "tenant"},
    "users_erase": {"parent": "children", "admin": "tenant", "operator": "tenant"},
    "password_resets_request": PUBLIC,
    "password_resets_confirm": PUBLIC,
    "token_issue": PUBLIC,
    "token_refresh": PUBLIC,
    "token_revoke": PUBLIC,
    "tenants_create": {"operator": "platform"},
    "tenants_list": {"operator": "platform"},
    "tenants_read": {"admin": "tenant", "operator": "platform"},
    "tenants_update": {"admin": "tenant", "operator": "platform"},
    "invitations_create": {"admin": "tenant", "operator": "platform"},
    "invitations_list": {"admin": "tenant", "operator": "tenant"},
    "invitations_revoke": {"admin": "tenant", "operator": "tenant"},
    "invitations_accept": PUBLIC,
    "family_codes_create": {"learner": "own", "admin": "tenant"},
    "family_codes_revoke": {"learner": "own", "admin": "tenant"},
    "family_links_create": {"parent": "own"},
    "family_links_list": {
        "learner": "own",
        "parent": "own",
        "mentor": "learners",
        "admin": "tenant",
    },
    "family_links_revoke": {"learner": "own", "parent": "own", "admin": "tenant"},
    "consents_record": {**_EVERYBODY_OWN, "parent": "children"},
    "consents_list": {**_EVERYBODY_OWN, "parent": "children", "admin": "tenant"},
    "erasures_read": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    "erasures_replay": {"operator": "platform"},
    "erasures_replay_read": {"operator": "platform"},
    "audit_list": {"admin": "tenant", "operator": "tenant"},
    # retention_timer
    "retention_reports": {"operator": "platform"},
    # outbox_relay
    "dead_letters_count": {"operator": "platform"},
    "dead_letters_list": {"operator": "platform"},
    "dead_letters_read": {"operator": "platform"},
    "dead_letters_redrive": {"operator": "platform"},
    "dead_letters_drop": {"operator": "platform"},
    # candidates
    "candidates_search": _RECRUITERS,
    "candidates_read": _RECRUITERS,
    "candidates_create": _RECRUITERS,
    "candidates_import": _RECRUITERS,
    "candidates_update": _RECRUITERS,
    "candidates_history": _RECRUITERS,
    "candidates_export": _RECRUITERS,
    "candidates_erase": _RECRUITERS,
    "candidates_facets": _RECRUITERS,
    "candidates_statistics": _RECRUITERS,
    "candidates_match": _RECRUITERS,
    "candidates_note": _RECRUITERS,
    "candidates_notes": _RECRUITERS,
    "candidates_note_remove": _RECRUITERS,
    "candidates_duplicates": _RECRUITERS,
    "candidates_dismiss": _RECRUITERS,
    "candidates_merge": _RECRUITERS,
    "ats_webhook_set": {"admin": "tenant"},
    "ats_webhook_read": {"admin": "tenant"},
    "ats_webhook_remove": {"admin": "tenant"},
    "ats_handovers_list": {"admin": "tenant"},
    "ats_handovers_retry": {"admin": "tenant"},
    # intake_upload
    "intake_files_add": {"recruiter": "tenant", "admin": "tenant"},
    "whatsapp_verify": PUBLIC,
    "whatsapp_receive": PUBLIC,
    "telegram_receive": PUBLIC,
    "mail_receive": PUBLIC,
    "intake_list": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    "intake_read": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    "intake_report": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    "intake_retry": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    # intake_notify
    "notifications_list": _EVERYBODY_OWN_AND_RECRUITERS,
    "notifications_mark": _EVERYBODY_OWN_AND_RECRUITERS,
    "notifications_mark_all": _EVERYBODY_OWN_AND_RECRUITERS,
    # profiler_session
    "profiling_start": {"learner": "own"},
    "profiling_read": _LEARNER_AND_THEIRS,
    "profiling_questions": {"learner": "own"},
    "profiling_answer": {"learner": "own"},
    "profiler_progress": {"learner": "own"},
    "profiler_reset": {"admin": "tenant"},
    # profiler_complete
    "profiling_complete": {"learner": "own"},
    "profiling_result": _LEARNER_AND_THEIRS,
    "profiling_blueprint": _LEARNER_AND_THEIRS,
    "profiler_sync": {"learner": "own"},
    "profiler_accept": {"learner": "own"},
    "foundations_status": {"learner": "own"},
    "profiler_items": {"admin": "tenant"},
    # journey_tracking
    "journeys_start": {"learner": "own"},
    "journeys_list": _LEARNER_AND_THEIRS,
    "journeys_read": _LEARNER_AND_THEIRS,
    "journeys_attempt": {"learner": "own"},
    "journeys_attempts_list": _LEARNER_AND_THEIRS,
    "journeys_complete_container": {"learner": "own"},
    "journeys_complete": {"learner": "own"},
    "journeys_summary": _LEARNER_AND_THEIRS,
    "journeys_sync": {"learner": "own"},
    "learning_skills": _LEARNER_AND_THEIRS,
    "learning_remediation": _LEARNER_AND_THEIRS,
    "learning_grades": _LEARNER_AND_THEIRS,
    "learning_override": {"parent": "children", "admin": "tenant"},
    "learning_overrides_list": _LEARNER_AND_THEIRS,
    "progress_list": _LEARNER_AND_THEIRS,
    "progress_update": {"learner": "own"},
    "xapi_statements": _LEARNER_AND_THEIRS,
    # journey_summary
    "summaries_list": _LEARNER_AND_THEIRS,
    "summaries_read": _LEARNER_AND_THEIRS,
    "summaries_make": _LEARNER_AND_THEIRS,
    "summaries_link": _LEARNER_AND_THEIRS,
    "summaries_download": PUBLIC,
    # portfolio
    "portfolio_list": _LEARNER_AND_THEIRS,
    "portfolio_add": {"learner": "own"},
    "portfolio_read": _LEARNER_AND_THEIRS,
    "portfolio_update": {"learner": "own"},
    "portfolio_remove": {"learner": "own"},
    "portfolio_file_add": {"learner": "own"},
    "portfolio_file_read": _LEARNER_AND_THEIRS,
    "portfolio_file_remove": {"learner": "own"},
    "portfolio_feedback_give": {"mentor": "learners", "admin": "tenant"},
    "portfolio_feedback_list": _LEARNER_AND_THEIRS,
    "portfolio_feedback_withdraw": {"mentor": "learners", "admin": "tenant"},
    # coaching
    "coaching_recommendations": _LEARNER_AND_THEIRS,
    "recipes_for_profile": _LEARNER_AND_THEIRS,
    "recipes_list": {**_LEARNER_AND_MENTORS, "admin": "tenant"},
    "recipes_read": {**_LEARNER_AND_MENTORS, "admin": "tenant"},
    "recipes_add": {"admin": "tenant"},
    "recipes_write": {"admin": "tenant"},
    "recipes_activate": {"admin": "tenant"},
    "recipes_remove": {"admin": "tenant"},
    "recipes_use": {"learner": "own"},
    # recommendations
    "embeddings_store": {"admin": "tenant"},
    "content_list": {**_LEARNER_AND_MENTORS, "admin": "tenant"},
    "content_search": {**_LEARNER_AND_MENTORS, "admin": "tenant"},
    "content_read": {**_LEARNER_AND_MENTORS, "admin": "tenant"},
    "content_remove": {"admin": "tenant"},
    "recommendations_make": _LEARNER_AND_THEIRS,
    "recommendations_engage": {"learner": "own"},
    "personality_analyze": _LEARNER_AND_THEIRS,
    "personality_correct": {"learner": "own"},
    # analytics
    "analytics_report": dict.fromkeys(("learner", "parent", "mentor", "recruiter"), "own"),
    "analytics_careers": _MENTORS,
    "analytics_companions": _MENTORS,
    "analytics_skills": _MENTORS,
    "analytics_journeys": _MENTORS,
    "analytics_content": _MENTORS,
    "analytics_achievements": _MENTORS,
    "analytics_profiler": {"admin": "tenant"},
    "analytics_effectiveness": {"admin": "tenant"},
    "analytics_intake": _RECRUITERS,
    # leaderboard_timer
    "leaderboards_top": _LEARNER_AND_MENTORS,
    "leaderboards_me": {"learner": "own"},
    "leaderboards_around": {"learner": "own"},
    # xp_award
    "game_profile": _LEARNER_AND_THEIRS,
    "game_achievements": _LEARNER_AND_THEIRS,
    "game_transactions": _LEARNER_AND_THEIRS,
    "game_hint": {"learner": "own"},
    "game_correct": {"mentor": "learners", "admin": "tenant"},
    "game_reviews_list": {"mentor": "learners", "admin": "tenant"},
    "game_review_decide": {"mentor": "learners", "admin": "tenant"},
    "game_reconcile": {"admin": "tenant"},
    "game_streaks_repair": {"admin": "tenant"},
    "game_streaks_repair_read": {"admin": "tenant"},
    # nightly_backup
    "backups_start": {"operator": "platform"},
    "backups_list": {"operator": "platform"},
    "backups_read": {"operator": "platform"},
    "restores_start": {"operator": "platform"},
    "restores_read": {"operator": "platform"},
    "profile_snapshots_list": {"admin": "tenant"},
}
