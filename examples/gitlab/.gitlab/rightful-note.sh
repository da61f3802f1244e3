#!/usr/bin/env bash
# Puts the rights diff of every open merge request into one note there, which later runs update.
#
# Runs from the default branch with a token that may write notes. An artefact was made by a job of the merge request's
# own code, so it is data and nothing more: one file is asked for by name, its text is capped, never run and never
# printed, and which job belongs to which merge request is asked of the API. One merge request that is refused does not
# keep the others waiting; the end is then 1.
#
# Arguments: the numbers (iid) of merge requests, or none for all that are open.
# Environment: CI_API_V4_URL, CI_PROJECT_ID, RIGHTFUL_TOKEN. RIGHTFUL_JOB is the job that makes the artefact, if not
# `rightful`; RIGHTFUL_PAUSE the seconds before a second try.
set -euo pipefail
export LC_ALL=C
umask 077

marker='<!-- rightful diff -->'
most_bytes=$((256 * 1024)) # of the note in the artefact
most_characters=65536      # of a note
most_pages=50              # of a hundred each
most_tries=4
job_name=${RIGHTFUL_JOB:-rightful}
pause=${RIGHTFUL_PAUSE:-5}
about=

say() { printf 'rightful-note: %s%s\n' "$about" "$1"; }
fail() { say "$1" >&2; exit 1; }
refuse() { fail "refused: $1"; }

for tool in curl jq; do
  command -v "$tool" > /dev/null || fail "$tool is not installed"
done
for name in CI_API_V4_URL CI_PROJECT_ID; do
  [[ -n ${!name:-} ]] || fail "$name is not set"
done
[[ -n ${RIGHTFUL_TOKEN:-} ]] ||
  fail 'RIGHTFUL_TOKEN is not set: it is a protected variable, so the branch must be protected too'
[[ $CI_PROJECT_ID =~ ^[0-9]+$ ]] || fail 'CI_PROJECT_ID is no number'
[[ $RIGHTFUL_TOKEN =~ ^[!-~]+$ ]] || fail 'RIGHTFUL_TOKEN is no token'
requests="projects/$CI_PROJECT_ID/merge_requests"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# In a file, since anybody on the machine may read the arguments of a program.
printf 'PRIVATE-TOKEN: %s\n' "$RIGHTFUL_TOKEN" > "$work/headers"
unset RIGHTFUL_TOKEN

# One request: its answer into a file that grows no further than `most`, its status and where it points into
# `status` and `location`. A redirection is not followed, so that the token goes to the API and nowhere else.
request() {
  local answer=$1 most=$2 address=$3
  shift 3
  local codes
  set +e
  curl --disable --silent --globoff --proto '=http,https' --connect-timeout 15 --max-time 60 \
    --write-out '%{stderr}%{http_code} %{redirect_url}\n' "$@" "$address" 2> "$work/state" |
    head -c "$((most + 1))" > "$answer"
  codes=("${PIPESTATUS[@]}")
  set -e
  status=000 location=
  read -r status location < "$work/state" || true
  # Cut off by us is too large, which the caller sees; cut off by the network is no answer.
  if ((codes[0] != 0)) && (($(wc -c < "$answer") <= most)); then status=000; fi
}

passing() { [[ $status == 000 || $status == 429 || $status == 5?? ]]; }

# A request that may be repeated, until it has an answer that is not a passing fault.
ask() {
  local try
  for ((try = 1; try <= most_tries; try++)); do
    request "$@"
    passing || return 0
    if ((try < most_tries)); then sleep "$((pause * try))"; fi
  done
}

get() {
  ask "$work/$1" 50000000 "$CI_API_V4_URL/$2" --header "@$work/headers"
  [[ $status == 200 ]] || fail "the API answers $status to $2"
}

# The merge request; what is not open any more, or moved on since the first look, ends here.
look() {
  get request.json "$requests/$iid"
  local sha
  sha=$(jq -r 'if .state == "opened" then .sha // "" else "" end' "$work/request.json")
  if [[ -z $sha || ${head:-$sha} != "$sha" ]]; then
    say 'is closed or has moved on, so nothing is posted'
    exit 0
  fi
  head=$sha
}

# The newest finished job of the pipelines that belong to the merge request and to its present commit.
find_job() {
  local found
  get pipelines.json "$requests/$iid/pipelines?per_page=100"
  found=$(jq -r --arg sha "$head" --slurpfile request "$work/request.json" '
    [.[] | select(.sha == $sha and .source == "merge_request_event")
      | select(.project_id == $request[0].target_project_id or .project_id == $request[0].source_project_id)]
    | max_by(.id) // empty | "\(.project_id) \(.id)"' "$work/pipelines.json")
  job=
  if [[ -n $found ]]; then
    read -r project pipeline <<< "$found"
    get jobs.json "projects/$project/pipelines/$pipeline/jobs?per_page=100"
    job=$(jq -r --arg name "$job_name" '
      [.[] | select(.name == $name and (.status == "success" or .status == "failed"))] | max_by(.id) // empty | .id' \
      "$work/jobs.json")
  fi
  if [[ -z $job ]]; then
    say 'has no finished job for its last commit, so nothing is posted'
    exit 0
  fi
}

fetch_text() {
  ask "$work/text" "$most_bytes" "$CI_API_V4_URL/projects/$project/jobs/$job/artifacts/rightful/comment.md" \
    --header "@$work/headers"
  # Some instances keep artefacts elsewhere; the token stays here.
  if [[ $status == 30? && $location == http* ]]; then ask "$work/text" "$most_bytes" "$location"; fi
  if [[ $status == 404 ]]; then
    say 'its job left no artefact, so nothing is posted'
    exit 0
  fi
  [[ $status == 200 ]] || fail "the API answers $status to the artefact"
  (($(wc -c < "$work/text") <= most_bytes)) || refuse 'the text in the artefact is too large'
}

# Whoever makes the pipeline can let it say anything. A fork has its own settings, which nobody sees here.
check_origin() {
  local page seen
  if [[ $(jq '.source_project_id == .target_project_id' "$work/request.json") != true ]]; then
    notice='This merge request comes from a fork, whose own pipeline wrote this note.'
    return
  fi
  notice=
  for ((page = 1; page <= most_pages; page++)); do
    get diffs.json "$requests/$iid/diffs?per_page=100&page=$page"
    seen=$(jq -r '
      if any(.[]; [.old_path, .new_path] | any(startswith(".gitlab-ci.yml") or startswith(".gitlab/"))) then "touched"
      elif length < 100 then "untouched" else "more" end' "$work/diffs.json") || fail 'the API answers nonsense'
    if [[ $seen == untouched ]]; then return; fi
    if [[ $seen == touched ]]; then break; fi
  done
  notice='This merge request changes the pipeline (or too many files to tell), so it may have written this note itself.'
}

write_payload() {
  local first
  IFS= read -r first < "$work/text" || true
  [[ $first == "$marker" ]] || refuse 'the text does not begin with the marker'
  check_origin
  : > "$work/notice"
  if [[ -n $notice ]]; then
    printf '\n> [!WARNING]\n> %s\n> %s\n\n' "$notice" \
      'Compare the policies on your own machine before you believe it.' > "$work/notice"
  fi
  jq -n --arg marker "$marker" --rawfile text "$work/text" --rawfile notice "$work/notice" \
    '{body: ($marker + "\n" + $notice + $text[($marker | length) + 1:])}' > "$work/payload.json"
  (($(jq '.body | length' "$work/payload.json") <= most_characters)) || refuse 'the text is too long'
  # A line that begins with a slash is an order to GitLab, carried out with the rights of the token.
  jq -e '.body | test("(^|[\n\r\u000b\u000c\u0085\u2028\u2029])[\\s\\p{Cf}\\p{Z}]*/[A-Za-z]") | not' \
    "$work/payload.json" > /dev/null || refuse 'the text has a line that GitLab would take for a quick action'
}

# The first note of ours with the marker, into `note`; its text into a file. Others may write the marker too.
find_note() {
  local page count
  note=
  for ((page = 1; page <= most_pages; page++)); do
    get notes.json "$requests/$iid/notes?sort=asc&order_by=created_at&per_page=100&page=$page"
    jq --arg marker "$marker" --argjson me "$me" \
      'first(.[] | select(.author.id == $me and (.system | not) and (.body // "" | startswith($marker)))) // empty' \
      "$work/notes.json" > "$work/note.json"
    if [[ -s $work/note.json ]]; then
      note=$(jq .id "$work/note.json")
      return
    fi
    count=$(jq length "$work/notes.json")
    ((count == 100)) || return 0
  done
  fail 'has more notes than are looked through'
}

# GitLab cuts blank space at the end.
says_so_already() {
  jq -e --slurpfile payload "$work/payload.json" '(.body | sub("\\s+$"; "")) == ($payload[0].body | sub("\\s+$"; ""))' \
    "$work/note.json" > /dev/null
}

# A note that was written before the answer got lost is found by the next try, and not written twice.
post() {
  local try method to said answer
  for ((try = 1; try <= most_tries; try++)); do
    find_note
    look
    method=POST to="$requests/$iid/notes" said='has a note now'
    if [[ -n $note ]]; then
      if says_so_already; then
        say 'has the note already'
        return
      fi
      method=PUT to="$requests/$iid/notes/$note" said='has a new text in its note'
    fi
    request "$work/answer" 50000000 "$CI_API_V4_URL/$to" --request "$method" --header "@$work/headers" \
      --header 'Content-Type: application/json' --data-binary "@$work/payload.json"
    if [[ $status == 200 || $status == 201 ]]; then
      say "$said"
      return
    fi
    # Somebody may have deleted it meanwhile.
    if ! passing && ! [[ $method == PUT && $status == 404 ]]; then break; fi
    if ((try < most_tries)); then sleep "$((pause * try))"; fi
  done
  answer=$(jq -r '.message // "" | tostring' "$work/answer" 2> /dev/null | tr -cd '[:print:]' | head -c 200) || true
  fail "the API answers $status to the note: $answer"
}

one() {
  about="merge request $iid: "
  look
  find_job
  fetch_text
  write_payload
  post
}

list_open() {
  local page count
  for ((page = 1; page <= most_pages; page++)); do
    get open.json "$requests?state=opened&per_page=100&page=$page"
    jq -r '.[].iid' "$work/open.json" >> "$work/open"
    count=$(jq length "$work/open.json")
    ((count == 100)) || return 0
  done
}

get me.json user
me=$(jq '.id | numbers' "$work/me.json")
[[ -n $me ]] || fail 'the API does not say whose token this is'
: > "$work/open"
if (($# > 0)); then printf '%s\n' "$@" > "$work/open"; else list_open; fi
result=0
while IFS= read -r iid <&3; do
  [[ $iid =~ ^[1-9][0-9]{0,9}$ ]] || fail 'the number of a merge request is no number'
  # In a shell of its own, which ends at the first fault and leaves the others alone.
  set +e
  (
    set -e
    one
  )
  code=$?
  set -e
  if ((code != 0)); then result=1; fi
done 3< "$work/open"
exit "$result"
