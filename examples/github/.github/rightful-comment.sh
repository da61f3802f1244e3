#!/usr/bin/env bash
# Puts the rights diff of a pull request into one comment, which later runs update.
#
# Runs from the default branch with a token that may write comments. The artefact was made by a run of the pull
# request's own code, so it is data and nothing more: no name in it becomes a path, nothing of it is run or printed, and
# which pull request it belongs to is asked of the API. Nothing to do ends with 0, a refusal with 1.
#
# Environment: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN; of the run that made the artefact RUN_ID, HEAD_SHA,
# HEAD_BRANCH, HEAD_REPOSITORY. RIGHTFUL_BOT is the login under which the token writes, if not that of Actions;
# RIGHTFUL_PAUSE the seconds before a second try.
set -euo pipefail
export LC_ALL=C
umask 077

marker='<!-- rightful diff -->'
own_folder='.github/'
most_bytes=$((256 * 1024))   # of the artefact, and of the comment in it
most_characters=65536        # of a comment, as GitHub has it
most_pages=50                # of a hundred comments each
most_tries=4
bot=${RIGHTFUL_BOT:-github-actions[bot]}
pause=${RIGHTFUL_PAUSE:-5}

say() { printf 'rightful-comment: %s\n' "$1"; }
fail() { printf 'rightful-comment: %s\n' "$1" >&2; exit 1; }
refuse() { fail "refused: $1"; }

for tool in curl jq unzip; do
  command -v "$tool" > /dev/null || fail "$tool is not installed"
done
for name in GITHUB_API_URL GITHUB_REPOSITORY GITHUB_TOKEN RUN_ID HEAD_SHA HEAD_BRANCH; do
  [[ -n ${!name:-} ]] || fail "$name is not set"
done
[[ $GITHUB_REPOSITORY =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || fail 'GITHUB_REPOSITORY is no repository'
[[ $RUN_ID =~ ^[0-9]+$ ]] || fail 'RUN_ID is no number'
[[ $HEAD_SHA =~ ^[0-9a-f]{40}$ ]] || fail 'HEAD_SHA is no commit'
[[ $GITHUB_TOKEN =~ ^[!-~]+$ ]] || fail 'GITHUB_TOKEN is no token'
if [[ -z ${HEAD_REPOSITORY:-} ]]; then
  say 'the fork is gone, so nothing is posted'
  exit 0
fi
repository="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# In a file, since anybody on the machine may read the arguments of a program.
printf '%s\n' "Authorization: Bearer $GITHUB_TOKEN" 'Accept: application/vnd.github+json' \
  'X-GitHub-Api-Version: 2022-11-28' > "$work/headers"
unset GITHUB_TOKEN

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
  ask "$work/$1" 50000000 "$repository/$2" --header "@$work/headers"
  [[ $status == 200 ]] || fail "the API answers $status to $2"
}

# The newest artefact: a run that was repeated has several.
fetch_artefact() {
  local found id size
  get artefacts.json "actions/runs/$RUN_ID/artifacts?name=rightful&per_page=100"
  found=$(jq -r '[.artifacts[] | select(.name == "rightful" and (.expired | not))] | max_by(.id) // empty
    | "\(.id) \(.size_in_bytes)"' "$work/artefacts.json")
  if [[ -z $found ]]; then
    say 'the run left no artefact, so there is nothing to post'
    exit 0
  fi
  read -r id size <<< "$found"
  ((size <= most_bytes)) || refuse 'the artefact is too large'
  ask "$work/answer" "$most_bytes" "$repository/actions/artifacts/$id/zip" --header "@$work/headers"
  [[ $status == 302 && $location == http* ]] || fail "the API answers $status to the artefact"
  ask "$work/artefact.zip" "$most_bytes" "$location"
  (($(wc -c < "$work/artefact.zip") <= most_bytes)) || refuse 'the artefact is too large'
  [[ $status == 200 ]] || fail "the store answers $status to the artefact"
}

check_names() {
  local names name
  names=$(unzip -Z1 "$work/artefact.zip" 2> /dev/null) || refuse 'the artefact is no zip file'
  while IFS= read -r name; do
    case $name in
      comment.md | number | head | status) ;;
      *) refuse 'the artefact has a file that does not belong there' ;;
    esac
  done <<< "$names"
  [[ -z $(sort <<< "$names" | uniq -d) ]] || refuse 'the artefact has a file twice'
}

# One file of the artefact. What the zip file says of sizes is not asked: the stream is cut. A password is given so
# that none is asked for.
unpack() {
  local name=$1 most=$2 whole=yes
  unzip -P none -p "$work/artefact.zip" "$name" 2> /dev/null < /dev/null |
    head -c "$((most + 1))" > "$work/$name" || whole=no
  (($(wc -c < "$work/$name") <= most)) || refuse "$name in the artefact is too large"
  [[ $whole == yes ]] || refuse "$name in the artefact is missing or damaged"
}

# Whether the pull request is the one of the run, and still there where the run saw it.
check_pull_request() {
  ask "$work/pull.json" 50000000 "$repository/pulls/$number" --header "@$work/headers"
  [[ $status != 404 ]] || refuse 'there is no such pull request'
  [[ $status == 200 ]] || fail "the API answers $status to the pull request"
  local verdict
  verdict=$(jq -r --arg sha "$HEAD_SHA" --arg branch "$HEAD_BRANCH" --arg repository "$HEAD_REPOSITORY" '
    if .head.repo.full_name != $repository or .head.ref != $branch then "another"
    elif .head.sha != $sha then "moved" else "same" end' "$work/pull.json")
  [[ $verdict != another ]] || refuse 'the artefact names a pull request that is not of its run'
  if [[ $verdict == moved ]]; then
    say "pull request $number has moved on, so nothing is posted"
    exit 0
  fi
}

# Whoever changes the pipeline can let it say anything.
changes_pipeline() {
  local page seen
  for ((page = 1; page <= 30; page++)); do
    get files.json "pulls/$number/files?per_page=100&page=$page"
    seen=$(jq -r --arg own "$own_folder" '
      if any(.[]; [.filename, .previous_filename // ""] | any(startswith($own))) then "touched"
      elif length < 100 then "untouched" else "more" end' "$work/files.json") || fail 'the API answers nonsense'
    case $seen in
      touched) return 0 ;;
      untouched) return 1 ;;
    esac
  done
  # More files than the API tells.
  return 0
}

write_payload() {
  local first
  IFS= read -r first < "$work/comment.md" || true
  [[ $first == "$marker" ]] || refuse 'the comment does not begin with the marker'
  : > "$work/notice"
  if changes_pipeline; then
    printf '\n> [!WARNING]\n> %s\n> %s\n> %s\n\n' \
      "This pull request changes files under \`$own_folder\` (or too many to tell)," \
      'so it may have written this comment itself.' \
      'Compare the policies on your own machine before you believe it.' > "$work/notice"
  fi
  jq -n --arg marker "$marker" --rawfile comment "$work/comment.md" --rawfile notice "$work/notice" \
    '{body: ($marker + "\n" + $notice + $comment[($marker | length) + 1:])}' > "$work/payload.json"
  (($(jq '.body | length' "$work/payload.json") <= most_characters)) || refuse 'the comment is too long'
}

# The first comment of ours with the marker, into `comment`; its text into a file. Others may write the marker too.
find_comment() {
  local page count
  comment=
  for ((page = 1; page <= most_pages; page++)); do
    get comments.json "issues/$number/comments?per_page=100&page=$page"
    jq --arg marker "$marker" --arg bot "$bot" \
      'first(.[] | select(.user.login == $bot and (.body // "" | startswith($marker)))) // empty' \
      "$work/comments.json" > "$work/comment.json"
    if [[ -s $work/comment.json ]]; then
      comment=$(jq .id "$work/comment.json")
      return
    fi
    count=$(jq length "$work/comments.json")
    ((count == 100)) || return 0
  done
  fail "pull request $number has more comments than are looked through"
}

says_so_already() {
  jq -e --slurpfile payload "$work/payload.json" '.body == $payload[0].body' "$work/comment.json" > /dev/null
}

# A comment that was written before the answer got lost is found by the next try, and not written twice.
post() {
  local try method to said answer
  for ((try = 1; try <= most_tries; try++)); do
    find_comment
    check_pull_request
    method=POST to="issues/$number/comments" said='commented on'
    if [[ -n $comment ]]; then
      if says_so_already; then
        say "the comment on pull request $number says so already"
        return
      fi
      method=PATCH to="issues/comments/$comment" said='updated the comment on'
    fi
    request "$work/answer" 50000000 "$repository/$to" --request "$method" --header "@$work/headers" \
      --header 'Content-Type: application/json' --data-binary "@$work/payload.json"
    if [[ $status == 200 || $status == 201 ]]; then
      say "$said pull request $number"
      return
    fi
    # Somebody may have deleted it meanwhile.
    if ! passing && ! [[ $method == PATCH && $status == 404 ]]; then break; fi
    if ((try < most_tries)); then sleep "$((pause * try))"; fi
  done
  answer=$(jq -r '.message // "" | tostring' "$work/answer" 2> /dev/null | tr -cd '[:print:]' | head -c 200) || true
  fail "the API answers $status to the comment: $answer"
}

fetch_artefact
check_names
unpack number 20
unpack head 100
unpack comment.md "$most_bytes"
number=$(tr '\0' '?' < "$work/number")
[[ $number =~ ^[1-9][0-9]{0,9}$ ]] || refuse 'the number in the artefact is no number'
[[ $(tr '\0' '?' < "$work/head") == "$HEAD_SHA" ]] || refuse 'the artefact is not of the commit of its run'
check_pull_request
write_payload
post
