-- Fenced code blocks of a Markdown text. Pure.

local M = {}

---@class aside.Block
---@field first integer The line of the opening fence, from 1.
---@field last integer The line of the closing fence, or the last line of the text.
---@field language string
---@field lines string[]

-- All blocks, in order. A block without its end goes to the end of the text.
---@param lines string[]
---@return aside.Block[]
function M.of(lines)
  local blocks, open = {}, nil
  for number, line in ipairs(lines) do
    local indent, fence, info = line:match('^( ? ? ?)(```+)([^`]*)$')
    if not fence then
      indent, fence, info = line:match('^( ? ? ?)(~~~+)(.*)$')
    end
    if open then
      local closes = fence
        and fence:sub(1, 1) == open.fence:sub(1, 1)
        and #fence >= #open.fence
        and vim.trim(info) == ''
      open.block.last = number
      if closes then
        table.insert(blocks, open.block)
        open = nil
      else
        table.insert(open.block.lines, (line:gsub('^' .. (' ?'):rep(open.indent), '')))
      end
    elseif fence then
      local language = vim.trim(info):match('^%S*') or ''
      local block = { first = number, last = number, language = language, lines = {} }
      open = { fence = fence, indent = #indent, block = block }
    end
  end
  if open then
    table.insert(blocks, open.block)
  end
  return blocks
end

-- The block that holds a line, or the last one before it, or the first one.
---@param lines string[]
---@param number integer From 1.
---@return aside.Block?
function M.at(lines, number)
  local blocks = M.of(lines)
  local best = blocks[1]
  for _, block in ipairs(blocks) do
    if block.first <= number then
      best = block
    end
  end
  return best
end

return M
