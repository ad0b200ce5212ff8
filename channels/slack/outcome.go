package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"frontdesk/channels"
)

// mendTime is how long a refusal that an operator must mend (a token, a scope) holds
// a delivery back. It is not final: tokens get mended, and the message is still
// wanted then.
const mendTime = 10 * time.Minute

// verdict is what an error of Slack's means for the same call made again.
type verdict int

const (
	later   verdict = iota // refused, nothing was done; the same call may succeed
	never                  // refused, and will be
	mending                // refused until an operator has acted
	unsure                 // some of it may have been done
)

// verdicts are the errors of the methods we call, from their pages under
// https://docs.slack.dev/reference/methods. What is not listed is refused for now:
// an unknown failure is temporary.
var verdicts = byCode(map[verdict][]string{
	never: {
		// where
		"channel_not_found", "is_archived", "not_in_channel", "is_inactive", "invalid_channel", "method_not_supported_for_channel_type",
		"restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"restricted_action_non_threadable_channel", "restricted_action_thread_locked", "thread_locked", "cannot_reply_to_message",
		"cannot_reply_to_parent_message", "thread_not_found", "slack_connect_file_upload_sharing_blocked",
		// whom
		"cannot_dm_bot", "user_disabled", "user_not_found", "users_not_found", "user_not_visible", "invalid_user_combination",
		"not_enough_users", "messages_tab_disabled",
		// what
		"msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format", "invalid_block_id", "too_many_attachments",
		"invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "invalid_arguments", "invalid_arg_name",
		"invalid_array_arg", "invalid_charset", "invalid_form_data", "invalid_post_type", "missing_post_type", "missing_argument",
		"invalid_thread_ts", "unknown_method", "method_deprecated",
		// which message
		"message_not_found", "cant_update_message", "edit_window_closed", "bad_timestamp", "no_item_specified", "not_reactable",
		"invalid_name", "too_many_emoji", "too_many_reactions",
		// files
		"file_uploads_disabled", "file_upload_size_restricted", "file_type_not_allowed", "file_not_found",
		"alt_txt_too_large", "unknown_snippet_type", "snippet_too_large", "blocked_file_type",
	},
	mending: {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission",
		"not_allowed_token_type", "access_denied", "ekm_access_denied", "org_login_required", "enterprise_is_restricted",
		"team_access_not_granted", "accesslimited", "two_factor_setup_required", "team_added_to_org"},
	// Slack's own words for the first two: "It's possible some aspect of the
	// operation succeeded before the error was raised."
	unsure: {"internal_error", "fatal_error", "service_unavailable"},
})

func byCode(m map[verdict][]string) map[string]verdict {
	out := map[string]verdict{}
	for v, codes := range m {
		for _, code := range codes {
			out[code] = v
		}
	}
	return out
}

// outcome judges the call: nil if it succeeded, else a SendError. twice says that
// doing it again does no harm: then doubt is only a failure. err is what slack-go
// returned; it counts only where there was no call.
func (k *call) outcome(ctx context.Context, err error, twice bool) error {
	fail := func(v verdict, why error) error {
		e := &channels.SendError{Err: fmt.Errorf("%s: %w", k.method, why)}
		switch v {
		case never:
			e.Permanent = true
		case mending:
			e.RetryAfter = mendTime
		case unsure:
			e.Unknown = !twice
		}
		return e
	}
	switch {
	case !k.begun: // it could not be made, or there was no time left for it
		return &channels.SendError{Err: orNoAnswer(err)}
	case k.status == 0 && k.wrote.Load():
		return fail(unsure, because(ctx, orNoAnswer(err)))
	case k.status == 0:
		return fail(later, because(ctx, orNoAnswer(err)))
	case k.limited():
		return &channels.SendError{RetryAfter: k.retryAfter, Err: fmt.Errorf("%s: rate limited for %v", k.method, k.retryAfter)}
	case k.status >= 500:
		return fail(unsure, fmt.Errorf("HTTP %d", k.status))
	case k.bodyErr == nil && k.ok:
		return nil
	case k.bodyErr == nil && k.code != "":
		return fail(verdicts[k.code], errors.New(refusal(k.code, k.needed)))
	case k.status == http.StatusRequestEntityTooLarge:
		return fail(never, fmt.Errorf("HTTP %d", k.status))
	case k.status != http.StatusOK: // a proxy, or a redirect
		return fail(later, fmt.Errorf("HTTP %d", k.status))
	case k.bodyErr != nil:
		return fail(unsure, fmt.Errorf("an answer that cannot be read: %w", because(ctx, k.bodyErr)))
	}
	return fail(unsure, errors.New("an answer that says neither yes nor no"))
}

// refusal is Slack's error with the scopes that would have prevented it: an operator
// must know which.
func refusal(code, needed string) string {
	if names := scopesIn(needed); len(names) > 0 {
		return code + " (needs " + strings.Join(names, ", ") + ")"
	}
	return code
}

// posted is outcome for a call that makes a message: without a ts it has not been
// shown that there is one.
func (k *call) posted(ctx context.Context, err error) error {
	if err := k.outcome(ctx, err, false); err != nil {
		return err
	}
	if k.ts == "" {
		return &channels.SendError{Unknown: true, Err: fmt.Errorf("%s: an answer without a ts", k.method)}
	}
	return nil
}

func orNoAnswer(err error) error {
	if err == nil {
		return errNoAnswer
	}
	return err
}

// because adds why ctx ended to an error that this caused.
func because(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("%w (%w)", err, context.Cause(ctx))
}

func permanent(err error) error { return &channels.SendError{Permanent: true, Err: err} }
