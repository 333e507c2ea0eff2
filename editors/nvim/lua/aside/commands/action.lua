-- What is done with the code that one looks at: `edit`, `explain`, `fix`, `tests`, `docs`, `review`, `commit`.

local client_of = require('aside.client')
local focus = require('aside.focus')
local tell = require('aside.tell')

local M = {}

---@param result { edit?: table, session?: string }
---@param client vim.lsp.Client
local function begun(result, client)
  if type(result.edit) == 'table' then
    require('aside.edit').changed(result.edit, client.id)
  end
  if type(result.session) == 'string' then
    require('aside.chat').show(result.session, client.id)
  end
end

---@param client vim.lsp.Client
---@param params table
local function ask(client, params)
  client_of.request(client, 'aside/action', params, function(result)
    begun(result, client)
  end)
end

---@param buf integer
---@param client vim.lsp.Client
---@param range { first: integer, last: integer }
---@return lsp.Diagnostic[]
local function diagnostics(buf, client, range)
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(buf)) do
    local last = one.end_lnum or one.lnum
    if one.lnum < range.last and last >= range.first - 1 then
      local function place(row, col)
        return { line = row, character = vim.lsp.util.character_offset(buf, row, col, client.offset_encoding) }
      end
      table.insert(found, {
        range = { start = place(one.lnum, one.col), ['end'] = place(last, one.end_col or one.col) },
        message = one.message,
        severity = one.severity,
        source = one.source,
        code = one.code,
      })
    end
  end
  return found
end

---@class aside.Action
---@field action string The protocol's name.
---@field range? { first: integer, last: integer }
---@field instruction? string

-- Runs an action on the file that one looks at.
---@param action aside.Action
function M.run(action)
  local buf = focus.buffer()
  if not buf then
    return tell.warn('this is no file to work on: it is none, too large, or of an excluded type')
  end
  client_of.ready(nil, function(client)
    local range = action.range
    local params = {
      action = action.action,
      textDocument = { uri = vim.uri_from_bufnr(buf) },
      range = range and focus.lines(buf, range.first, range.last) or nil,
      instruction = action.instruction,
      model = require('aside.model').chosen(),
    }
    if action.action == 'fix' then
      params.diagnostics = diagnostics(buf, client, range or { first = 1, last = vim.api.nvim_buf_line_count(buf) })
    elseif action.action == 'explain' then
      local one = require('aside.chat').here()
      params.session = one and one.id or nil
    end
    ask(client, params)
  end)
end

-- Asks for what an edit has to do, unless it was said already.
---@param words string
---@param call fun(words: string)
local function with_words(words, call)
  if words ~= '' then
    return call(words)
  end
  vim.ui.input({ prompt = 'Aside, edit: ' }, function(typed)
    if typed and vim.trim(typed) ~= '' then
      call(typed)
    end
  end)
end

---@param range { first: integer, last: integer }
---@param words string
function M.edit(range, words)
  with_words(words, function(instruction)
    M.run({ action = 'rewrite', range = range, instruction = instruction })
  end)
end

-- A code action needs words (`aside.client.ask`).
---@param asked { action: string, textDocument: { uri: string }, range: lsp.Range }
---@param id integer
function M.asked(asked, id)
  with_words('', function(instruction)
    local client = vim.lsp.get_client_by_id(id)
    if client then
      local params = vim.tbl_extend('force', asked, { instruction = instruction })
      params.model = require('aside.model').chosen()
      ask(client, params)
    end
  end)
end

-- Reviews the file, its lines, or what changed in the repository.
---@param range? { first: integer, last: integer }
---@param what string `staged`, `all`, `clear`, or nothing.
function M.review(range, what)
  if what == 'clear' then
    return client_of.ask('aside/review/clear', {})
  end
  local params = {}
  if what == 'staged' or what == 'all' then
    params.changes = what
  else
    local buf = focus.buffer()
    if not buf then
      return tell.warn('there is no file to review: open one first')
    end
    params.textDocument = { uri = vim.uri_from_bufnr(buf) }
    params.range = range and focus.lines(buf, range.first, range.last) or nil
  end
  client_of.ask('aside/review', params, begun)
end

---@param text string
local function put_message(text)
  local lines = require('aside.text').lines(text)
  if vim.bo.filetype == 'gitcommit' and vim.bo.modifiable then
    local first = vim.api.nvim_buf_get_lines(0, 0, 1, false)[1]
    vim.api.nvim_buf_set_lines(0, 0, first == '' and 1 or 0, false, lines)
    return
  end
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].modeline = false
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden, vim.bo[buf].filetype = 'wipe', 'gitcommit'
  vim.api.nvim_open_win(buf, true, { split = 'below', win = 0, height = math.min(#lines + 2, 12) })
end

-- Writes a commit message: into the one that is being written, or into a window to copy it from.
---@param kind string `commit` or `pull-request`.
function M.commit(kind)
  local params = { kind = kind ~= '' and kind or nil, model = require('aside.model').chosen() }
  params.workspace = vim.uri_from_fname(client_of.root())
  client_of.ask('aside/commit', params, function(result)
    put_message(result.text)
    local left_out = require('aside.text').value(result.leftOut) or {}
    if #left_out > 0 then
      tell.say('the message was written without what may be secret: ' .. table.concat(left_out, ', '))
    end
  end)
end

return M
