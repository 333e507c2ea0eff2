-- Where the server is started and for which buffers: the part of Neovim's LSP that differs between its versions.

local config = require('aside.config')

local M = {}

-- Whether this Neovim shows ghost text by itself.
---@return boolean
function M.has_native_ghost()
  return vim.fn.has('nvim-0.12') == 1
end

-- Whether this Neovim has `vim.lsp.config`.
---@return boolean
function M.has_config()
  return vim.fn.has('nvim-0.11') == 1
end

local function capabilities()
  local aside = {
    experimental = { aside = { status = true, edit = true, chat = true, ask = true } },
    -- Neovim knows versions of edits and does not say so; without them the server makes no files.
    workspace = { workspaceEdit = { documentChanges = true } },
  }
  if config.get().ghost.enabled and not M.has_native_ghost() then
    aside.textDocument = { inlineCompletion = { dynamicRegistration = false } }
  end
  if M.has_config() then
    return aside
  end
  return vim.tbl_deep_extend('force', vim.lsp.protocol.make_client_capabilities(), aside)
end

-- Neovim 0.10 tells nobody that a server was asked to end.
---@type table<integer, true>
local stopping = {}

---@param id integer
---@return boolean
function M.is_stopping(id)
  return stopping[id] or false
end

---@param client vim.lsp.Client
local function on_init(client)
  if M.has_config() then
    return
  end
  local stop = client.stop
  client.stop = function(force)
    stopping[client.id] = true
    return stop(force)
  end
end

local function on_chat_event(_, params)
  require('aside.chat').heard(params)
end

local function on_chat_show(_, params, ctx)
  require('aside.chat').show(params.session, ctx.client_id)
end

local function on_edit_event(_, params, ctx)
  require('aside.edit').changed(params.edit, ctx.client_id)
end

local function on_status(_, params, ctx)
  require('aside.statusline').changed(ctx.client_id, params)
end

local function on_apply(err, params, ctx)
  return require('aside.apply').handle(err, params, ctx)
end

-- Asks for the words that an action needs; the server has no way to.
local function on_ask(command, ctx)
  require('aside.commands.action').asked(command.arguments[1], ctx.client_id)
end

-- The client's settings, before `vim.lsp.config` puts yours over them.
---@return table
function M.config()
  local options = config.get()
  return {
    name = 'aside',
    cmd = options.cmd,
    root_markers = { '.git' },
    root_dir = function(buf, on_dir)
      if M.wants(buf) and M.is_installed() then
        on_dir(M.root(buf))
      end
    end,
    settings = { aside = next(options.settings) and options.settings or vim.empty_dict() },
    capabilities = capabilities(),
    commands = { ['aside.client.ask'] = on_ask },
    handlers = {
      ['aside/chat/event'] = on_chat_event,
      ['aside/chat/show'] = on_chat_show,
      ['aside/edit/event'] = on_edit_event,
      ['aside/status/changed'] = on_status,
      ['workspace/applyEdit'] = on_apply,
    },
    on_init = on_init,
    on_exit = function(code, signal, id)
      stopping[id] = nil
      require('aside.crash').ended(code, signal, id)
      require('aside.client').gone(id)
    end,
  }
end

-- The settings as they are in force.
---@return table
function M.resolved()
  return M.has_config() and vim.lsp.config.aside or M.config()
end

-- Whether a buffer is one for the server: a file of reasonable size.
---@param buf integer
---@return boolean
function M.wants(buf)
  local options = config.get()
  local name = vim.api.nvim_buf_get_name(buf)
  if vim.bo[buf].buftype ~= '' or name == '' or name:match('^%a[%w+.-]+://') then
    return false
  end
  if vim.list_contains(options.exclude, vim.bo[buf].filetype) then
    return false
  end
  return vim.api.nvim_buf_get_offset(buf, vim.api.nvim_buf_line_count(buf)) <= options.max_bytes
end

-- The workspace of a buffer, or of the current folder.
---@param buf? integer
---@return string
function M.root(buf)
  local markers = M.resolved().root_markers or { '.git' }
  local from = buf and vim.api.nvim_buf_get_name(buf) ~= '' and buf or vim.fn.getcwd()
  return vim.fs.root(from, markers) or vim.fn.getcwd()
end

-- Whether the server can be started; says so once where it cannot.
---@return boolean
function M.is_installed()
  local cmd = M.resolved().cmd
  if type(cmd) ~= 'table' or vim.fn.executable(cmd[1]) == 1 then
    return true
  end
  local message = 'the program `%s` is not there. Install it, or name it in `vim.g.aside.cmd`; see `:checkhealth aside`'
  require('aside.tell').once('missing', message:format(cmd[1]))
  return false
end

-- Starts a server for a folder, or finds the one that runs. With `buf` it is attached there.
---@param root string
---@param buf? integer
---@return integer? id
function M.start(root, buf)
  local settings = vim.tbl_extend('force', M.resolved(), { root_dir = root })
  if buf then
    return vim.lsp.start(settings, { bufnr = buf })
  elseif M.has_config() then
    return vim.lsp.start(settings, { attach = false })
  end
  -- Before 0.11 a client without a buffer is started by another function.
  return vim.lsp.start_client(settings)
end

-- A file was opened: Neovim starts the server for it from 0.11 on, and says nothing where there is none to start.
---@param buf integer
local function opened(buf)
  if M.wants(buf) and M.is_installed() and not M.has_config() then
    M.start(M.root(buf), buf)
  end
end

-- From now on the server is started for files.
function M.enable()
  for _, problem in ipairs(config.problems()) do
    require('aside.tell').warn(problem)
  end
  if not config.get().enabled then
    return
  end
  if M.has_config() then
    vim.lsp.enable('aside')
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('aside.attach', {}),
    callback = function(event)
      opened(event.buf)
    end,
  })
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].filetype ~= '' then
      opened(buf)
    end
  end
end

-- A server was attached to a buffer.
---@param client vim.lsp.Client
---@param buf integer
function M.attached(client, buf)
  require('aside.focus').watch()
  if config.get().ghost.enabled then
    require('aside.ghost').attach(client, buf)
  end
  require('aside.statusline').attached(client)
end

return M
