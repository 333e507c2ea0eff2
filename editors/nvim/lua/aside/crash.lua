-- A server that ended by itself is started again, later each time, and the person is told once.

local M = {}

-- Milliseconds before each attempt; there is none after the last.
local WAITS = { 200, 1000, 2000, 4000, 8000 }
-- A server that lived this long in milliseconds was no failed attempt.
local HEALTHY = 60000

---@type table<string, { attempts: integer, started: integer }>
local roots = {}

---@param client vim.lsp.Client
---@param buffers integer[]
local function again(client, buffers)
  local settings = vim.deepcopy(client.config)
  local id = #buffers == 0 and require('aside.lsp').start(client.config.root_dir)
  for _, buf in ipairs(buffers) do
    if vim.api.nvim_buf_is_loaded(buf) then
      id = vim.lsp.start(settings, { bufnr = buf })
    end
  end
  return id
end

---@param root string
---@param code integer
---@param signal integer
local function tell(root, code, signal)
  local tell = require('aside.tell')
  if roots[root].attempts > #WAITS then
    tell.once('gone ' .. root, 'the server keeps ending and is left alone. See `:checkhealth aside` and `:Aside log`')
    return
  end
  local how = signal ~= 0 and ('by signal %d'):format(signal) or ('with exit code %d'):format(code)
  tell.once('crash ' .. root, ('the server ended %s and is started again'):format(how))
end

-- The folders whose server kept ending and is not started again by itself.
---@param running vim.lsp.Client[]
---@return string[]
function M.given_up(running)
  local found = vim.tbl_filter(function(root)
    local runs = vim.iter(running):any(function(client)
      return client.config.root_dir == root
    end)
    return not runs and roots[root].attempts > #WAITS
  end, vim.tbl_keys(roots))
  table.sort(found)
  return found
end

-- The server of a client ended. Only what nobody asked for is a crash.
---@param code integer
---@param signal integer
---@param id integer
function M.ended(code, signal, id)
  vim.schedule(function()
    for _, module in ipairs({ 'aside.chat', 'aside.edit' }) do
      if package.loaded[module] then
        package.loaded[module].lost(id)
      end
    end
  end)
  local client = vim.lsp.get_client_by_id(id)
  local asked = signal == 15 or (code == 0 and signal == 0)
  if asked or not client then
    return
  end
  local buffers = vim.tbl_keys(client.attached_buffers)
  vim.schedule(function()
    if vim.v.exiting ~= vim.NIL then
      return
    end
    local root = client.config.root_dir or ''
    local now = vim.uv.now()
    local state = roots[root]
    if not state or now - state.started > HEALTHY then
      state = { attempts = 0, started = now }
      roots[root] = state
    end
    state.attempts = state.attempts + 1
    tell(root, code, signal)
    local wait = WAITS[state.attempts]
    if wait then
      vim.defer_fn(function()
        state.started = vim.uv.now()
        again(client, buffers)
      end, wait)
    end
  end)
end

return M
