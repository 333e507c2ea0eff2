-- Talking to the server: which one, when it is ready, and one way to ask.

local lsp = require('aside.lsp')
local tell = require('aside.tell')

local M = {}

-- Milliseconds until a server that was started is given up, and between two looks at it.
local PATIENCE, LOOK = 10000, 20

-- What each server was asked and has not answered: what to do when it ends first.
---@type table<integer, table<integer, fun(err: table)>>
local waiting = {}
local asked = 0

-- A server ended: whoever waits for it is told, and not left waiting.
---@param id integer
function M.gone(id)
  local all = waiting[id] or {}
  waiting[id] = nil
  -- Later: Neovim tells of an end where buffers and messages may not be touched.
  vim.schedule(function()
    for _, failed in pairs(all) do
      failed({ code = -32099, message = 'the server ended before it answered', data = { hint = 'ask again' } })
    end
  end)
end

-- Whether a server is there to be asked, and not about to end.
---@param client vim.lsp.Client
---@return boolean
local function is_there(client)
  if lsp.has_config() then
    return not client:is_stopped()
  end
  return not (lsp.is_stopping(client.id) or client.is_stopped())
end

-- The server of a folder, or of the buffer that one looks at. Nil while none is ready.
---@param root? string
---@return vim.lsp.Client?
function M.find(root)
  if not root then
    local buf = require('aside.focus').buffer()
    for _, here in ipairs(buf and vim.lsp.get_clients({ name = 'aside', bufnr = buf }) or {}) do
      if is_there(here) then
        return here
      end
    end
    root = M.root()
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = 'aside' })) do
    if client.config.root_dir == root and is_there(client) then
      return client
    end
  end
end

-- The folder that the person works in.
---@return string
function M.root()
  return lsp.root(require('aside.focus').buffer())
end

---@param id integer
---@param deadline integer
---@param call fun(client: vim.lsp.Client)
---@param failed fun()
local function when_ready(id, deadline, call, failed)
  local client = vim.lsp.get_client_by_id(id)
  if client and client.initialized then
    call(client)
  elseif not client or vim.uv.now() > deadline then
    tell.warn('the server does not start. See `:checkhealth aside`')
    failed()
  else
    vim.defer_fn(function()
      when_ready(id, deadline, call, failed)
    end, LOOK)
  end
end

-- Calls back with the server of a folder, started where it has to be. When there is none the person is told, and `failed` is called.
---@param root? string
---@param call fun(client: vim.lsp.Client)
---@param failed? fun()
function M.ready(root, call, failed)
  failed = failed or function() end
  local client = M.find(root)
  if client then
    return call(client)
  end
  if not lsp.is_installed() then
    tell.warn('the server cannot be started. See `:checkhealth aside`')
    return failed()
  end
  local id = lsp.start(root or M.root())
  if not id then
    return failed()
  end
  when_ready(id, vim.uv.now() + PATIENCE, call, failed)
end

-- The file whose typing has to be told before a request: Neovim holds it back for a moment, and asks no one for the others.
---@param client vim.lsp.Client
---@return integer?
local function told_first(client)
  local buf = require('aside.focus').buffer()
  return buf and vim.lsp.buf_is_attached(buf, client.id) and buf or nil
end

-- Sends a request. Without `failed` an error is told to the person.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param done? fun(result: any)
---@param failed? fun(err: table)
---@return boolean sent
---@return integer? id
function M.request(client, method, params, done, failed)
  asked = asked + 1
  local number = asked
  waiting[client.id] = waiting[client.id] or {}
  waiting[client.id][number] = failed or tell.failure
  local function answered(err, result)
    local known = waiting[client.id]
    if not known or not known[number] then
      return
    end
    known[number] = nil
    if err then
      (failed or tell.failure)(err)
    elseif done then
      done(result)
    end
  end
  params = next(params) and params or vim.empty_dict()
  if lsp.has_config() then
    return client:request(method, params, answered, told_first(client))
  end
  return client.request(method, params, answered, told_first(client))
end

---@param client vim.lsp.Client
---@param id integer
function M.cancel(client, id)
  if lsp.has_config() then
    client:cancel_request(id)
  else
    client.cancel_request(id)
  end
end

-- Asks the server of the folder that one works in.
---@param method string
---@param params table
---@param done? fun(result: any, client: vim.lsp.Client)
function M.ask(method, params, done)
  M.ready(nil, function(client)
    M.request(client, method, params, function(result)
      if done then
        done(result, client)
      end
    end)
  end)
end

return M
