-- Ghost text by extmarks, before Neovim 0.12: asks, draws, follows the typing, accepts.

local client_of = require('aside.client')
local piece = require('aside.ghost.piece')
local text_of = require('aside.text')

local M = {}

local space = vim.api.nvim_create_namespace('aside.ghost')
local group = vim.api.nvim_create_augroup('aside.ghost', {})

---@class aside.Suggestion
---@field buf integer
---@field row integer Where the cursor is, from 0.
---@field col integer In bytes.
---@field text string What is shown.
---@field replaces integer How many bytes behind the cursor it stands for.
---@field client integer
---@field command? lsp.Command

local shown ---@type aside.Suggestion?
local asked ---@type { client: vim.lsp.Client, id: integer }?
local timer ---@type uv.uv_timer_t?
local serial = 0

local function clear()
  if shown and vim.api.nvim_buf_is_valid(shown.buf) then
    vim.api.nvim_buf_clear_namespace(shown.buf, space, 0, -1)
  end
  shown = nil
end

local function cancel()
  serial = serial + 1
  if timer then
    timer:stop()
  end
  if asked then
    client_of.cancel(asked.client, asked.id)
    asked = nil
  end
end

---@return integer row
---@return integer col
local function cursor()
  local place = vim.api.nvim_win_get_cursor(0)
  return place[1] - 1, place[2]
end

---@param one aside.Suggestion
local function draw(one)
  vim.api.nvim_buf_clear_namespace(one.buf, space, 0, -1)
  local group_name = vim.fn.hlexists('ComplHint') == 1 and 'ComplHint' or 'NonText'
  local lines = vim.tbl_map(function(line)
    return { { line, group_name } }
  end, vim.split(one.text, '\n', { plain = true }))
  vim.api.nvim_buf_set_extmark(one.buf, space, one.row, one.col, {
    virt_text = lines[1],
    virt_text_pos = one.replaces > 0 and 'overlay' or 'inline',
    virt_lines = #lines > 1 and vim.list_slice(lines, 2) or nil,
    hl_mode = 'combine',
  })
  shown = one
end

-- Goes on with the suggestion when exactly its beginning was typed.
---@return boolean
local function follow()
  local row, col = cursor()
  if not shown or shown.buf ~= vim.api.nvim_get_current_buf() or shown.row ~= row or col < shown.col then
    return false
  end
  local typed = vim.api.nvim_buf_get_text(shown.buf, row, shown.col, row, col, {})[1]
  if not vim.startswith(shown.text, typed) or #typed == #shown.text then
    return false
  end
  shown.text, shown.col = shown.text:sub(#typed + 1), col
  draw(shown)
  return true
end

---@param client vim.lsp.Client
---@param item lsp.InlineCompletionItem
local function show(client, item)
  local buf = vim.api.nvim_get_current_buf()
  local row, col = cursor()
  local line = vim.api.nvim_get_current_line()
  local range = item.range
  local start, final = col, col
  if range then
    if range.start.line ~= row or range['end'].line ~= row then
      return
    end
    local function byte(place)
      return text_of.byte(line, place.character, client.offset_encoding)
    end
    start, final = byte(range.start), byte(range['end'])
  end
  local before = line:sub(start + 1, col)
  if not vim.startswith(item.insertText, before) then
    return
  end
  draw({
    buf = buf,
    row = row,
    col = col,
    text = item.insertText:sub(#before + 1),
    replaces = math.max(0, final - col),
    client = client.id,
    command = item.command,
  })
end

---@param client vim.lsp.Client
---@param buf integer
local function request(client, buf)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 2 }
  serial = serial + 1
  local mine, tick = serial, vim.api.nvim_buf_get_changedtick(buf)
  local row, col = cursor()
  local sent, id = client_of.request(client, 'textDocument/inlineCompletion', params, function(result)
    if mine ~= serial then
      return
    end
    asked = nil
    local here = vim.api.nvim_get_current_buf() == buf and vim.deep_equal({ cursor() }, { row, col })
    local same = vim.api.nvim_buf_get_changedtick(buf) == tick
    local item = (result.items or result)[1]
    if item and here and same and vim.fn.mode():sub(1, 1) == 'i' and item.insertText ~= '' then
      show(client, item)
    end
  end, function()
    -- An empty answer tells its reason in the status line; an error here is one that was cancelled.
    asked = nil
  end)
  asked = sent and id and { client = client, id = id } or nil
end

---@param client vim.lsp.Client
---@param buf integer
local function moved(client, buf)
  if follow() then
    return
  end
  clear()
  cancel()
  timer = timer or assert(vim.uv.new_timer())
  local wait = require('aside.config').get().ghost.debounce
  timer:start(
    wait,
    0,
    vim.schedule_wrap(function()
      local here = vim.api.nvim_get_current_buf() == buf and vim.fn.mode():sub(1, 1) == 'i'
      if here and vim.lsp.buf_is_attached(buf, client.id) then
        request(client, buf)
      end
    end)
  )
end

-- Ghost text of a client in a buffer from now on.
---@param client vim.lsp.Client
---@param buf integer
function M.attach(client, buf)
  vim.api.nvim_clear_autocmds({ group = group, buffer = buf })
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'CursorMovedI', 'TextChangedI', 'TextChangedP' }, {
    group = group,
    buffer = buf,
    callback = function()
      moved(client, buf)
    end,
  })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = buf,
    callback = function()
      cancel()
      clear()
    end,
  })
end

---@param one aside.Suggestion
---@param size aside.PieceSize
local function insert(one, size)
  local part = piece.of(one.text, size)
  local whole = part == one.text
  local final = one.col + (whole and one.replaces or 0)
  local lines = vim.split(part, '\n', { plain = true })
  vim.api.nvim_buf_set_text(one.buf, one.row, one.col, one.row, final, lines)
  local row = one.row + #lines - 1
  local col = (#lines == 1 and one.col or 0) + #lines[#lines]
  vim.api.nvim_win_set_cursor(0, { row + 1, col })
  if not whole then
    local rest = vim.tbl_extend('force', one, { row = row, col = col, text = one.text:sub(#part + 1) })
    draw(rest)
    return
  end
  local client = vim.lsp.get_client_by_id(one.client)
  if client and one.command then
    local params = { command = one.command.command, arguments = one.command.arguments }
    client_of.request(client, 'workspace/executeCommand', params)
  end
end

---@param size aside.PieceSize
---@return boolean
function M.accept(size)
  if not shown then
    return false
  end
  -- Later: a mapping by expression may not change text.
  vim.schedule(function()
    local one = shown
    if not one then
      return
    end
    local row, col = cursor()
    if one.row == row and one.col == col and one.buf == vim.api.nvim_get_current_buf() then
      clear()
      cancel()
      insert(one, size)
    end
  end)
  return true
end

---@return boolean
function M.dismiss()
  local was = shown ~= nil
  cancel()
  clear()
  return was
end

return M
