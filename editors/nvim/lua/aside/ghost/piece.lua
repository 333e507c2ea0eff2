-- How much of a suggestion is accepted. Pure: text in, text out.

local M = {}

---@alias aside.PieceSize 'all'|'word'|'line'

-- The next word, with the blanks and the punctuation before it, but never past the end of a line unless the line is at its end.
---@param text string
---@return string
local function word(text)
  local blank = text:match('^%s*\n%s*') or text:match('^%s*')
  local rest = text:sub(#blank + 1)
  if rest == '' then
    return text
  end
  -- Bytes above 127 belong to words: most letters of the world are there.
  local run = rest:match('^[%w_\128-\255]+') or rest:match('^[^%w_%s\128-\255]+')
  return blank .. run
end

-- The next line with its end; all of it when there is but one.
---@param text string
---@return string
local function line(text)
  local first = text:match('^[^\n]*\n') or text
  if first == '\n' then
    local second = text:sub(2):match('^[^\n]*')
    return first .. second
  end
  return (first:gsub('\n$', ''))
end

-- The part of `text` that a key accepts.
---@param text string
---@param size aside.PieceSize
---@return string
function M.of(text, size)
  if size == 'word' then
    return word(text)
  elseif size == 'line' then
    return line(text)
  end
  return text
end

return M
