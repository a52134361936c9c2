local M = {}

--- Turns the server on for every file, and ghost text where Neovim has it (0.12).
---@param config? vim.lsp.Config laid over `lsp/mm_lsp.lua`
function M.setup(config)
  if config then
    vim.lsp.config('mm_lsp', config)
  end
  vim.lsp.enable('mm_lsp')
  if vim.lsp.inline_completion then
    vim.lsp.inline_completion.enable()
  end
end

--- Neovim 0.12.4 keeps a suggestion until the next answer, and accepts it beside what was typed
--- meanwhile. So this takes back what repeats its beginning, and drops one that fits no longer.
---@param item vim.lsp.inline_completion.Item
---@return vim.lsp.inline_completion.Item?
local function fit(item)
  local text = item.insert_text
  if not item.range or type(text) ~= 'string' then
    return item
  end
  local start_row, start_col = item.range:to_extmark()
  local cursor = vim.api.nvim_win_get_cursor(0)
  local row, col = cursor[1] - 1, cursor[2]
  if row < start_row or (row == start_row and col < start_col) then
    return nil
  end
  local typed = vim.api.nvim_buf_get_text(0, start_row, start_col, row, col, {})
  if not vim.startswith(text, table.concat(typed, '\n')) then
    return nil
  end
  vim.api.nvim_buf_set_text(0, start_row, start_col, row, col, {})
  return item
end

--- Accepts the suggestion on the screen.
---@return boolean accepted false if there is none; a mapping can then do something else
function M.accept()
  local inline_completion = vim.lsp.inline_completion
  return inline_completion ~= nil and inline_completion.get({ on_accept = fit })
end

--- `vim.lsp.buf.code_action` with what linters and other servers found in these lines: by itself
--- Neovim gives each server its own diagnostics alone, and ours would have nothing to fix.
---@param opts? vim.lsp.buf.code_action.Opts
function M.code_action(opts)
  local first, last = vim.fn.line('v') - 1, vim.fn.line('.') - 1
  if first > last then
    first, last = last, first
  end
  local found = vim.tbl_filter(function(diagnostic)
    return diagnostic.lnum <= last and (diagnostic.end_lnum or diagnostic.lnum) >= first
  end, vim.diagnostic.get(0))
  local context = { diagnostics = vim.lsp.diagnostic.from(found) }
  vim.lsp.buf.code_action(vim.tbl_deep_extend('keep', opts or {}, { context = context }))
end

return M
