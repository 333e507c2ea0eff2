-- What Neovim reads at its start: the command, the keys to map, and when to begin. Everything else is loaded at first use.
if vim.g.loaded_aside then
  return
end
vim.g.loaded_aside = true

if vim.fn.has('nvim-0.10') == 0 then
  local version = vim.version()
  local told = ('The Aside plugin needs Neovim 0.10 or newer, and this is %d.%d.'):format(version.major, version.minor)
  told = told .. ' Its server works here as any language server does: start `aside lsp`.'
  vim.api.nvim_create_user_command('Aside', function()
    vim.api.nvim_echo({ { told } }, true, {})
  end, { nargs = '*', bang = true, range = true })
  vim.schedule(function()
    vim.notify(told, vim.log.levels.WARN)
  end)
  return
end

vim.api.nvim_create_user_command('Aside', function(command)
  require('aside.command').run(command)
end, {
  nargs = '*',
  bang = true,
  range = true,
  desc = 'Aside: chat, edit, explain and more',
  complete = function(lead, line)
    return require('aside.command').complete(lead, line)
  end,
})

local function plug(modes, name, call, desc)
  vim.keymap.set(modes, '<Plug>(aside-' .. name .. ')', call, { desc = 'Aside: ' .. desc })
end

local function ghost(what)
  return function()
    require('aside')[what]()
  end
end

plug('i', 'accept', ghost('accept'), 'accept the ghost text')
plug('i', 'accept-word', ghost('accept_word'), 'accept the next word of the ghost text')
plug('i', 'accept-line', ghost('accept_line'), 'accept the next line of the ghost text')
plug('i', 'dismiss', ghost('dismiss'), 'hide the ghost text')
plug({ 'n', 'i' }, 'send', '<Cmd>Aside send<CR>', 'send what stands in the ask window')
plug('n', 'chat', '<Cmd>Aside chat<CR>', 'open the conversation')
plug('n', 'stop', '<Cmd>Aside stop<CR>', 'stop the answer')
plug('n', 'edit', '<Cmd>Aside edit<CR>', 'edit the line as you say')
plug('x', 'edit', ':Aside edit<CR>', 'edit the selection as you say')
plug('x', 'explain', ':Aside explain<CR>', 'explain the selection')
plug('n', 'accept-edit', '<Cmd>Aside accept<CR>', 'accept the edit that is shown')
plug('n', 'accept-hunk', '<Cmd>Aside accept hunk<CR>', 'accept the change under the cursor')
plug('n', 'reject-edit', '<Cmd>Aside reject<CR>', 'reject the edit that is shown')
plug('n', 'reject-hunk', '<Cmd>Aside reject hunk<CR>', 'reject the change under the cursor')
plug('n', 'yank-block', '<Cmd>Aside yank<CR>', 'yank the code block under the cursor')
plug('n', 'apply-block', '<Cmd>Aside apply<CR>', 'apply the code block under the cursor')

local group = vim.api.nvim_create_augroup('aside', {})
vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'aside' then
      require('aside.lsp').attached(client, event.buf)
    end
  end,
})

-- The server waits for the first file. Later in the same tick where the plugin itself comes late: `setup` comes after it then.
local function begin()
  local function enable()
    require('aside.lsp').enable()
  end
  if vim.v.vim_did_enter == 1 then
    vim.schedule(enable)
  else
    vim.api.nvim_create_autocmd('VimEnter', { group = group, once = true, callback = enable })
  end
end

for _, buf in ipairs(vim.api.nvim_list_bufs()) do
  if vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].filetype ~= '' then
    return begin()
  end
end
vim.api.nvim_create_autocmd('FileType', { group = group, once = true, callback = begin })
