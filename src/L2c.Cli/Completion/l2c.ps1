# Completion of l2c in PowerShell. In $PROFILE:  l2c completion pwsh | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName l2c -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The text up to the cursor; a space that the syntax tree leaves out begins the next word.
    $program = $commandAst.CommandElements[0].Extent
    $begin = $program.EndOffset - $commandAst.Extent.StartOffset
    $rest = $commandAst.Extent.Text.Substring($begin)
    $length = $cursorPosition - $program.EndOffset
    $line = 'l2c' + $rest.PadRight($length).Substring(0, $length)

    # Where l2c suggests nothing, PowerShell completes the names of files.
    & $commandAst.CommandElements[0].Value "[suggest:$($line.Length)]" $line 2> $null | ForEach-Object {
        $text = if ($_ -match '\s') { "'$_'" } else { $_ }
        if ($wordToComplete -match '^(--[^=]+=)') { $text = $Matches[1] + $text }
        [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
    }
}
