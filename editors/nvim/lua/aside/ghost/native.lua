-- Ghost text by `vim.lsp.inline_completion` (Neovim 0.12): Neovim asks and draws, we accept pieces of it.

local piece = require('aside.ghost.piece')

local M = {}

local NAMESPACE = 'nvim.lsp.inline_completion'

---@param client vim.lsp.Client
function M.attach(client)
  vim.lsp.inline_completion.enable(true, { client_id = client.id })
end

-- What was typed since the suggestion was made, or nil when it was something else: then nothing fits any more. Neovim itself
-- would insert it twice.
---@param item vim.lsp.inline_completion.Item
---@return string?
local function typed(item)
  local buf = vim.api.nvim_get_current_buf()
  local row, col = item.range:to_extmark()
  local cursor = vim.api.nvim_win_get_cursor(0)
  if cursor[1] - 1 ~= row or cursor[2] < col then
    return nil
  end
  local before = vim.api.nvim_buf_get_text(buf, row, col, row, cursor[2], {})[1]
  if vim.startswith(item.insert_text, before) then
    return before
  end
end

---@param size aside.PieceSize
---@return fun(item: vim.lsp.inline_completion.Item): vim.lsp.inline_completion.Item?
local function taking(size)
  return function(item)
    if not item.range or type(item.insert_text) ~= 'string' then
      return item
    end
    local before = typed(item)
    if not before then
      return nil
    end
    local buf = vim.api.nvim_get_current_buf()
    local row, col, final_row, final_col = item.range:to_extmark()
    if final_row == row then
      final_col = math.max(final_col, col + #before)
    end
    local rest = item.insert_text:sub(#before + 1)
    local part = piece.of(rest, size)
    if part ~= rest then
      -- What follows is asked for anew, and answered from the server's memory.
      final_row, final_col = row, col + #before
      item.command = nil
    end
    item.insert_text = before .. part
    item.range = vim.range.extmark(buf, row, col, final_row, final_col)
    return item
  end
end

---@param size aside.PieceSize
---@return boolean
function M.accept(size)
  return vim.lsp.inline_completion.get({ on_accept = taking(size) })
end

---@return boolean
function M.dismiss()
  local space = vim.api.nvim_get_namespaces()[NAMESPACE]
  local shown = space and #vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { limit = 1 }) > 0
  return shown and vim.lsp.inline_completion.get({
    on_accept = function()
      return nil
    end,
  })
end

return M
