-- Code blocks of an answer, taken out of it: into a register, or into the file as a proposed edit.

local tell = require('aside.tell')

local M = {}

-- The block under the cursor, or the last one where the cursor is elsewhere.
---@return aside.Block?
---@return aside.Conversation?
local function block()
  local one = require('aside.chat').here()
  if not one then
    tell.warn('there is no conversation here: `:Aside chat` opens one')
    return
  end
  local buf = one.transcript.buf
  local lines = vim.api.nvim_buf_get_lines(buf, 0, -1, false)
  local line = vim.api.nvim_get_current_buf() == buf and vim.api.nvim_win_get_cursor(0)[1] or #lines
  local found = require('aside.chat.blocks').at(lines, line)
  if not found then
    tell.warn('there is no code block in this conversation')
  end
  return found, one
end

-- Puts the block into a register.
---@param register string
function M.yank(register)
  local found = block()
  if found then
    vim.fn.setreg(register, found.lines, 'l')
    tell.say(('%d lines are in register %s'):format(#found.lines, register))
  end
end

-- Proposes the block for the lines that the question was about, or below the cursor of the file.
function M.apply()
  local found, one = block()
  if not found or not one then
    return
  end
  local buf, first, final
  local target = one.target
  if target and vim.api.nvim_buf_is_loaded(target.buf) then
    buf, first, final = target.buf, target.first, target.last
  else
    buf = require('aside.focus').buffer()
    if not buf then
      return tell.warn('there is no file to put it into: open one first')
    end
    local win = require('aside.focus').window()
    local line = win and vim.api.nvim_win_get_cursor(win)[1] or vim.api.nvim_buf_line_count(buf)
    first, final = line + 1, line
  end
  final = math.min(final, vim.api.nvim_buf_line_count(buf))
  require('aside.edit').propose('apply a block', buf, first, final, found.lines)
end

return M
