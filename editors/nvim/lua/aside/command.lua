-- `:Aside`: which subcommand does what.

local M = {}

---@class aside.Call
---@field words string What follows the subcommand.
---@field bang boolean
---@field range? { first: integer, last: integer } What was selected; nil without a range.
---@field lines { first: integer, last: integer } The same, or the cursor's line.

---@class aside.Subcommand
---@field run fun(call: aside.Call)
---@field takes? fun(): string[] What may follow.

local function chat()
  return require('aside.chat')
end

local function action()
  return require('aside.commands.action')
end

local function report()
  return require('aside.commands.report')
end

local function edit()
  return require('aside.edit')
end

---@param name string
---@return aside.Subcommand
local function on_code(name)
  return {
    run = function(call)
      action().run({ action = name, range = call.range or call.lines })
    end,
  }
end

---@param how 'accept'|'reject'
---@return aside.Subcommand
local function settle(how)
  return {
    run = function(call)
      local what = call.bang and 'all' or (call.words == 'hunk' and 'hunk' or 'file')
      edit().settle(how, what)
    end,
    takes = function()
      return { 'hunk' }
    end,
  }
end

---@param call aside.Call
local function ask(call)
  if call.words ~= '' then
    return chat().ask(call.words, call.range, call.bang)
  end
  vim.ui.input({ prompt = 'Aside, ask: ' }, function(typed)
    if typed and vim.trim(typed) ~= '' then
      chat().ask(typed, call.range, call.bang)
    end
  end)
end

---@type table<string, aside.Subcommand>
local subcommands = {
  chat = {
    run = function(call)
      if call.words ~= '' then
        return ask(call)
      end
      chat().open(call.bang)
    end,
  },
  ask = { run = ask },
  send = {
    run = function()
      chat().send()
    end,
  },
  edit = {
    run = function(call)
      action().edit(call.lines, call.words)
    end,
  },
  explain = on_code('explain'),
  fix = on_code('fix'),
  tests = on_code('test'),
  docs = on_code('document'),
  review = {
    run = function(call)
      action().review(call.range, call.words)
    end,
    takes = function()
      return { 'staged', 'all', 'clear' }
    end,
  },
  commit = {
    run = function(call)
      action().commit(call.words)
    end,
    takes = function()
      return { 'commit', 'pull-request' }
    end,
  },
  sessions = {
    run = function()
      chat().choose()
    end,
  },
  resume = {
    run = function()
      chat().resume()
    end,
  },
  earlier = {
    run = function()
      chat().earlier()
    end,
  },
  stop = {
    run = function()
      local one = chat().here()
      if not edit().stop() then
        if one and one.busy then
          one:stop()
        else
          require('aside.tell').say('nothing is being answered')
        end
      end
    end,
  },
  accept = settle('accept'),
  reject = settle('reject'),
  retry = {
    run = function(call)
      edit().retry(call.words)
    end,
  },
  diff = {
    run = function()
      edit().show()
    end,
  },
  yank = {
    run = function(call)
      require('aside.chat.code').yank(call.words ~= '' and call.words:sub(1, 1) or '"')
    end,
  },
  apply = {
    run = function()
      require('aside.chat.code').apply()
    end,
  },
  model = {
    run = function(call)
      if call.words ~= '' then
        require('aside.model').choose(call.words)
      else
        require('aside.model').pick()
      end
    end,
    takes = function()
      return require('aside.model').names()
    end,
  },
  status = {
    run = function()
      report().status()
    end,
  },
  lock = {
    run = function()
      report().lock()
    end,
  },
  log = {
    run = function()
      report().log()
    end,
  },
  doctor = {
    run = function()
      report().doctor()
    end,
  },
}

-- Runs `:Aside`; without a subcommand it opens the conversation.
---@param command { args: string, bang: boolean, range: integer, line1: integer, line2: integer }
function M.run(command)
  local name, words = vim.trim(command.args):match('^(%S*)%s*(.*)$')
  local subcommand = subcommands[name == '' and 'chat' or name]
  if not subcommand then
    return require('aside.tell').warn(('there is no `:Aside %s`; see `:h aside-commands`'):format(name))
  end
  local lines = { first = command.line1, last = command.line2 }
  -- Lines that were selected in a conversation are none of the file.
  local in_file = vim.api.nvim_get_current_buf() == require('aside.focus').buffer()
  if command.range == 0 or not in_file then
    local win = require('aside.focus').window()
    local line = win and vim.api.nvim_win_get_cursor(win)[1] or 1
    lines = { first = line, last = line }
  end
  subcommand.run({
    words = words,
    bang = command.bang,
    range = command.range > 0 and in_file and lines or nil,
    lines = lines,
  })
end

---@param lead string
---@param all string[]
---@return string[]
local function starting_with(lead, all)
  local found = vim.tbl_filter(function(one)
    return vim.startswith(one, lead)
  end, all)
  table.sort(found)
  return found
end

-- What may stand at the end of a command line.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local before = line:sub(1, #line - #lead):gsub('^.-Aside!?%s*', '', 1)
  local name = before:match('^(%S+)%s')
  if not name then
    return starting_with(lead, vim.tbl_keys(subcommands))
  end
  local subcommand = subcommands[name]
  return subcommand and subcommand.takes and starting_with(lead, subcommand.takes()) or {}
end

return M
