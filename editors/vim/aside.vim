" Before ALE is loaded.
let g:ale_completion_enabled = 1
let g:ale_lsp_show_message_severity = 'information'
let g:ale_lsp_show_message_format = '%s'

" The languages that get Aside, beside whatever else checks them.
let g:aside_languages = ['rust', 'python', 'sh', 'markdown', 'diff', 'gitcommit']
let g:ale_linters = get(g:, 'ale_linters', {'rust': ['analyzer', 'cargo'], 'python': ['pyright', 'ruff']})

" What Aside shows as a document lies outside the workspace, and belongs to the server that shows it.
let s:folders = {}

function! AsideFolder(buffer) abort
  let shown = get(s:folders, fnamemodify(bufname(a:buffer), ':p'), '')
  if !empty(shown)
    return shown
  endif
  let git = finddir('.git', fnamemodify(bufname(a:buffer), ':p:h') . ';')
  return empty(git) ? getcwd() : fnamemodify(git, ':p:h:h')
endfunction

for s:language in g:aside_languages
  call ale#linter#Define(s:language, {
  \ 'name': 'aside',
  \ 'lsp': 'stdio',
  \ 'executable': 'aside',
  \ 'command': '%e lsp',
  \ 'language': s:language,
  \ 'project_root': function('AsideFolder'),
  \})
  let g:ale_linters[s:language] = get(g:ale_linters, s:language, []) + ['aside']
endfor

" Runs a command of Aside and gives its answer to a function.
function! AsideCommand(name, parameters, Then) abort
  call ale#lsp_linter#SendRequest(bufnr(''), 'aside', [0, 'workspace/executeCommand', {
  \ 'command': a:name,
  \ 'arguments': [a:parameters],
  \}], {response -> has_key(response, 'error') ? s:Say(response.error.message) : a:Then(response.result)})
endfunction

function! s:Say(message) abort
  echomsg 'Aside: ' . a:message
endfunction

" ALE tells servers that it applies no edits: the rest shows and applies the newest proposed one.
command! AsideDiff call s:Newest({edit -> AsideCommand('aside.edit.show', {'edit': edit.id}, function('s:Show'))})
command! AsideAccept call s:Newest({edit -> s:Accept(edit)})
command! AsideReject call s:Newest({edit -> AsideCommand('aside.edit.reject', {'edit': edit.id}, {_ -> 0})})

function! s:Newest(Then) abort
  call AsideCommand('aside.edit.list', {}, {answer -> s:First(answer.edits, a:Then)})
endfunction

function! s:First(edits, Then) abort
  let proposed = filter(copy(a:edits), {_, edit -> edit.state is# 'proposed'})
  return empty(proposed) ? s:Say('no edit waits') : a:Then(proposed[0])
endfunction

function! s:Show(answer) abort
  new
  setlocal buftype=nofile bufhidden=wipe noswapfile
  call setline(1, split(a:answer.diff, "\n"))
  setlocal filetype=diff nomodifiable
endfunction

function! s:Accept(edit) abort
  " What needs a confirmation of its own is left to be made by hand.
  for file in filter(copy(a:edit.files), {_, file -> empty(file.warnings)})
    let buffer = bufadd(ale#path#FromFileURI(file.uri))
    call bufload(buffer)
    " From the end, so that the places of the others stay.
    for hunk in reverse(filter(copy(file.hunks), {_, hunk -> hunk.state is# 'proposed' && empty(hunk.warnings)}))
      let [first, end] = [hunk.range.start.line, hunk.range.end]
      let lines = split(hunk.newText, "\n", 1)
      if lines[-1] ==# ''
        call remove(lines, -1)
      endif
      let last = end.line + (end.character > 0)
      call appendbufline(buffer, last, lines)
      if last > first
        call deletebufline(buffer, first + 1, last)
      endif
    endfor
  endfor
  call AsideCommand('aside.edit.reject', {'edit': a:edit.id}, {_ -> s:Say('accepted: ' . a:edit.title)})
endfunction

" A conversation as a document: write below the last heading and send it. ALE applies no edits of a server, so that the answer
" is read from the file once it is whole.
command! AsideChat call AsideCommand('aside.chat.document', {'new': v:true}, function('s:Open'))
command! AsideSend call s:Send()

function! s:Open(answer) abort
  let path = ale#path#FromFileURI(a:answer.uri)
  let s:folders[path] = AsideFolder(bufnr(''))
  execute 'split' fnameescape(path)
  setlocal autoread
  normal! G
endfunction

function! s:Send() abort
  silent update
  " Tells the server of what was typed.
  ALELint
  call AsideCommand('aside.chat.document.send', {'uri': ale#util#ToURI(expand('%:p'))}, {_ -> s:Await()})
endfunction

function! s:Await() abort
  call timer_start(300, {_ -> execute('silent! checktime')}, {'repeat': 400})
endfunction
