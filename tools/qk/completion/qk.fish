# Completion of qk(1) for fish.

# The words after qk that are no options.
function __qk_operands
    set -l words (commandline -opc)
    set -e words[1]
    set -l skip 0
    for word in $words
        if test $skip = 1
            set skip 0
        else if contains -- $word --key --load --timeout --interval -n --count
            set skip 1
        else if not string match -q -- '-?*' $word
            echo $word
        end
    end
end

function __qk_has_operands
    test (count (__qk_operands)) = $argv[1]
end

function __qk_command_is
    set -l operands (__qk_operands)
    test (count $operands) -gt 0; and contains -- $operands[1] $argv
end

function __qk_queues
    set -l operands (__qk_operands)
    qk queues --timeout 1000 $operands[2] 2>/dev/null
end

set -l modes open hold drain close bypass

complete -c qk -f
complete -c qk -n '__qk_has_operands 0' -a stats -d 'how a queue stands, or all of them'
complete -c qk -n '__qk_has_operands 0' -a watch -d 'the same, live'
complete -c qk -n '__qk_has_operands 0' -a queues -d 'the names of the queues'
complete -c qk -n '__qk_has_operands 0' -a policy -d 'show or change how a queue admits'
complete -c qk -n '__qk_has_operands 0' -a open -d 'people enter and are admitted'
complete -c qk -n '__qk_has_operands 0' -a hold -d 'people enter, nobody is admitted'
complete -c qk -n '__qk_has_operands 0' -a drain -d 'new people are refused, the line is admitted'
complete -c qk -n '__qk_has_operands 0' -a close -d 'new people are refused, nobody is admitted'
complete -c qk -n '__qk_has_operands 0' -a bypass -d 'everybody is let in at once'
complete -c qk -n '__qk_has_operands 0' -a remove -d 'end a queue, with everybody\'s place'
complete -c qk -n '__qk_has_operands 0' -a verify -d 'what a token says, and whether it is good'
complete -c qk -n '__qk_has_operands 0' -a doctor -d 'what is wrong with a Redis, and what to do'
complete -c qk -n '__qk_has_operands 1' -a 'redis:// redis+unix:// redis+sentinel:// redis+cluster://'
complete -c qk -n "__qk_has_operands 2; and __qk_command_is stats watch policy remove $modes" -a '(__qk_queues)'
complete -c qk -n '__qk_command_is policy; and not __qk_has_operands 1; and not __qk_has_operands 2' \
    -a 'max_active= max_waiting= rate= rate_window_ms= ready_ms= active_ms= max_extends= idle_ms= eager= clock_step_ms= lanes='

complete -c qk -l json -d 'write JSON, errors too'
complete -c qk -l timeout -x -d 'how long one call to the store may take, ms'
complete -c qk -l key -r -F -d 'the secret that signs tokens'
complete -c qk -l no-color -d 'no colours'
complete -c qk -s h -l help -d help
complete -c qk -s V -l version -d 'the version'
complete -c qk -n '__qk_command_is watch' -s n -l interval -x -d 'look this often, seconds'
complete -c qk -n '__qk_command_is watch' -l count -x -d 'end after so many looks'
complete -c qk -n '__qk_command_is watch' -l ascii -d 'draw with ASCII alone'
complete -c qk -n '__qk_command_is policy' -l load -r -F -d 'set the policies in a JSON file'
complete -c qk -n "__qk_command_is policy $modes" -l create -d 'make the queue if there is none'
complete -c qk -n '__qk_command_is remove' -s y -l yes -d 'do not ask'
complete -c qk -n '__qk_command_is doctor' -l strict -d 'exit with 1 on a warning too'
