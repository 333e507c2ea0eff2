-- Edits that the server applies: what does not fit any more is refused as a whole. Neovim itself would skip a text that has
-- changed and call it applied, and empty a file that came to be meanwhile.

local M = {}

---@param change table A text document's edits.
---@param client vim.lsp.Client
---@return string? reason
local function of_text(change, client)
  local uri, version = change.textDocument.uri, change.textDocument.version
  -- `bufnr()` would take the name for a pattern, and another buffer for this one.
  local buf = vim.uri_to_bufnr(uri)
  local label = vim.fn.fnamemodify(vim.uri_to_fname(uri), ':.')
  if not vim.api.nvim_buf_is_loaded(buf) then
    return nil
  end
  if not vim.bo[buf].modifiable then
    return ('%s cannot be changed here'):format(label)
  elseif not vim.lsp.buf_is_attached(buf, client.id) then
    return vim.bo[buf].modified and ('%s has changes that are not written'):format(label) or nil
  elseif type(version) == 'number' and vim.lsp.util.buf_versions[buf] ~= version then
    return ('%s was changed meanwhile'):format(label)
  end
end

-- Why an edit is not applied, if there is a reason.
---@param edit lsp.WorkspaceEdit
---@param client vim.lsp.Client
---@return string?
function M.refusal(edit, client)
  for _, change in ipairs(edit.documentChanges or {}) do
    local reason
    if change.kind == 'create' then
      local path = vim.uri_to_fname(change.uri)
      reason = vim.uv.fs_lstat(path) and ('%s is there already'):format(vim.fn.fnamemodify(path, ':.')) or nil
    elseif change.textDocument then
      reason = of_text(change, client)
    end
    if reason then
      return reason
    end
  end
end

-- A new file's text ends with a line's end, which Neovim takes for one more, empty line.
---@param edit lsp.WorkspaceEdit
local function trim_new_files(edit)
  for _, change in ipairs(edit.documentChanges or {}) do
    local buf = change.kind == 'create' and vim.uri_to_bufnr(change.uri)
    local count = buf and vim.api.nvim_buf_line_count(buf) or 0
    if buf and count > 1 and vim.api.nvim_buf_get_lines(buf, count - 1, count, false)[1] == '' then
      vim.api.nvim_buf_set_lines(buf, count - 1, count, false, {})
    end
  end
end

-- Answers `workspace/applyEdit`.
---@param err? table
---@param params lsp.ApplyWorkspaceEditParams
---@param ctx lsp.HandlerContext
function M.handle(err, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id), 'the client that asks is there')
  local reason = M.refusal(params.edit, client)
  if reason then
    return { applied = false, failureReason = reason }
  end
  local answer = vim.lsp.handlers['workspace/applyEdit'](err, params, ctx)
  trim_new_files(params.edit)
  return answer
end

return M
