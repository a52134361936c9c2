--- For Neovim 0.11, which has no inline completion: suggestions come as completion items, asked for
--- with i_CTRL-X_CTRL-O. By itself it inserts an item's first word alone; with this, the first line
--- at once and the others when it is accepted.
local M = {}

---@param item? lsp.CompletionItem
---@return string[]? lines of our suggestion; nil if it is someone else's item
local function lines_of(item)
  if item and item.command and item.command.command == 'mm-lsp.accepted' then
    return vim.split(item.textEdit.newText, '\r?\n')
  end
end

local function insert_other_lines()
  local item = vim.tbl_get(vim.v.completed_item, 'user_data', 'nvim', 'lsp', 'completion_item')
  local lines = lines_of(item)
  if not lines or #lines == 1 or vim.v.event.reason ~= 'accept' then
    return
  end
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  -- A first line that ends as the line does has typed the rest of it again.
  local ends_alike = vim.endswith(lines[1], vim.trim(line:sub(col + 1)))
  lines[1] = ''
  vim.api.nvim_buf_set_text(0, row - 1, col, row - 1, ends_alike and #line or col, lines)
  vim.api.nvim_win_set_cursor(0, { row + #lines - 1, #lines[#lines] })
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.enable(client, bufnr)
  vim.lsp.completion.enable(true, client.id, bufnr, {
    convert = function(item)
      local lines = lines_of(item)
      return lines and { word = lines[1] } or {}
    end,
  })
  vim.api.nvim_create_autocmd('CompleteDone', {
    group = vim.api.nvim_create_augroup('mm_lsp.completion.' .. bufnr, {}),
    buffer = bufnr,
    callback = insert_other_lines,
  })
end

return M
