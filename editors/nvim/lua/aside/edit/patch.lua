-- Hunks laid over the lines of a text. Pure.

local M = {}

---@class aside.Span
---@field n integer The hunk's number.
---@field old_first integer The line where it begins in the old text, from 1.
---@field old_last integer Its last line there; before `old_first` when it only adds.
---@field new_first integer The same in the new text.
---@field new_last integer

---@param text string
---@return string[]
local function lines_of(text)
  if text == '' then
    return {}
  end
  local lines = vim.split(text, '\n', { plain = true })
  if lines[#lines] == '' then
    table.remove(lines)
  end
  return lines
end

---@param old string[]
---@param first integer
---@param final integer
---@param text string
---@return boolean
local function stands(old, first, final, text)
  local lines = lines_of(text)
  if #lines ~= math.max(0, final - first + 1) then
    return false
  end
  for i, line in ipairs(lines) do
    -- The protocol keeps line ends as they are in the file.
    if old[first + i - 1] ~= (line:gsub('\r$', '')) and old[first + i - 1] ~= line then
      return false
    end
  end
  return true
end

-- The lines as they would be with those hunks that are proposed, and where each hunk lies in both. A hunk that does not lie
-- where it is said to is left out: the text has moved on, and the server is about to say where it lies now.
---@param old string[]
---@param hunks table[] The protocol's, whole lines each.
---@return string[] new
---@return aside.Span[] spans
function M.apply(old, hunks)
  local proposed = vim.tbl_filter(function(hunk)
    return hunk.state == 'proposed'
  end, hunks)
  table.sort(proposed, function(a, b)
    return a.range.start.line < b.range.start.line
  end)
  local new, spans, at = {}, {}, 1
  for _, hunk in ipairs(proposed) do
    local first = hunk.range.start.line + 1
    local final = hunk.range['end'].line + (hunk.range['end'].character > 0 and 1 or 0)
    if not hunk.oldText or stands(old, first, final, hunk.oldText) then
      vim.list_extend(new, old, at, first - 1)
      local lines = lines_of(hunk.newText)
      table.insert(spans, {
        n = hunk.n,
        old_first = first,
        old_last = final,
        new_first = #new + 1,
        new_last = #new + #lines,
      })
      vim.list_extend(new, lines)
      at = math.max(at, final + 1)
    end
  end
  vim.list_extend(new, old, at, #old)
  return new, spans
end

-- The hunk at a line of the old or the new text, or the nearest one.
---@param spans aside.Span[]
---@param line integer
---@param side 'old'|'new'
---@return integer? n
function M.at(spans, line, side)
  local best, distance
  for _, span in ipairs(spans) do
    local first, final = span[side .. '_first'], span[side .. '_last']
    local away = line < first and first - line or math.max(0, line - math.max(final, first))
    if not distance or away < distance then
      best, distance = span.n, away
    end
  end
  return best
end

return M
