-- The model that the person chose in this editor, for what they ask next. Nil: as the settings say.

local client_of = require('aside.client')
local tell = require('aside.tell')

local M = {}

local SETTINGS = 'as the settings say'

local chosen ---@type string?
local names = {} ---@type string[]

---@return string?
function M.chosen()
  return chosen
end

-- The names that were seen, for completion.
---@return string[]
function M.names()
  return names
end

---@param name? string
function M.choose(name)
  chosen = name ~= SETTINGS and name or nil
  tell.say(chosen and ('%s answers from now on'):format(chosen) or 'the model of the settings answers from now on')
end

-- Lets the person pick one of those that can talk.
function M.pick()
  client_of.ask('aside/model/list', {}, function(list)
    names = {}
    for _, one in ipairs(list.models) do
      if vim.list_contains(one.roles or {}, 'chat') then
        table.insert(names, one.model)
      end
    end
    local configured = list.roles and list.roles.chat
    if type(configured) == 'string' and not vim.list_contains(names, configured) then
      table.insert(names, configured)
    end
    vim.ui.select(vim.list_extend({ SETTINGS }, names), {
      prompt = 'Model',
      format_item = require('aside.text').one_line,
    }, function(name)
      if name then
        M.choose(name)
      end
    end)
  end)
end

return M
