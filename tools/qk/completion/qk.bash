# Completion of qk(1) for bash.

# The operands among some words.
_qk_operands() {
  operands=()
  while [ $# != 0 ]; do
    case $1 in
    --key | --load | --timeout | --interval | -n | --count) shift ;; # with its value
    -?*) ;;
    *) operands+=("$1") ;;
    esac
    [ $# = 0 ] || shift
  done
}

# Options of a command.
_qk_options() {
  local common='--json --timeout --key --no-color --help --version'
  case $1 in
  watch) echo "$common --interval --count --ascii" ;;
  policy) echo "$common --create --load" ;;
  open | hold | drain | close | bypass) echo "$common --create" ;;
  remove) echo "$common --yes" ;;
  doctor) echo "$common --strict" ;;
  *) echo "$common" ;;
  esac
}

# What may stand where the operand after those in operands does, a line each.
_qk_candidates() {
  case ${#operands[@]}-${operands[0]-} in
  0-*) printf '%s\n' stats watch queues policy open hold drain close bypass remove verify doctor ;;
  1-*) printf '%s\n' redis:// redis+unix:// redis+sentinel:// redis+cluster:// ;;
  2-queues | 2-verify | 2-doctor) ;;
  2-*) "$qk" queues --timeout 1000 "${operands[1]}" 2>/dev/null ;;
  *-policy)
    printf '%s\n' max_active= max_waiting= rate= rate_window_ms= ready_ms= active_ms= max_extends= idle_ms= \
      eager= clock_step_ms= lanes=
    ;;
  esac
}

_qk() {
  # bash cuts words at colons, so that a URI is several: these are cut at blanks alone.
  local words qk candidate operands word='' before
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  qk=${words[0]}
  if [[ ${COMP_LINE:0:COMP_POINT} != *[[:blank:]] ]]; then
    word=${words[-1]}
    unset 'words[-1]'
  fi
  before=${words[-1]}
  _qk_operands "${words[@]:1}"
  COMPREPLY=()

  case $before in
  --key | --load)
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
    ;;
  --timeout | --interval | -n | --count) return ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_qk_options "${operands[0]-}")" -- "$word")
    return
  fi
  while IFS= read -r candidate; do
    printf -v candidate %q "$candidate"
    # What bash has cut off it keeps.
    [[ $candidate != "$word"* ]] || COMPREPLY+=("${candidate#"${word%"${word##*:}"}"}")
  done < <(_qk_candidates)
  [[ ${COMPREPLY[0]-} != *[=/] ]] || compopt -o nospace 2>/dev/null
}

complete -F _qk qk
