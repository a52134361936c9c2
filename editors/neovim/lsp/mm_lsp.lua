--- mm-lsp: inline completion, explanations, fixes and edits from a language model.
--- Change any of it with `require('mm_lsp').setup({...})` or `vim.lsp.config('mm_lsp', {...})`.

---@type fun(command: lsp.Command, context: lsp.HandlerContext)
local function run_action(command, context)
  require('mm_lsp.explain').run_action(command, context)
end

---@type vim.lsp.Config
return {
  cmd = { 'mm-lsp' },
  root_markers = { '.git' },
  -- There is no `filetypes`: every file is served. Help, unnamed buffers and `oil://` are no files.
  root_dir = function(bufnr, on_dir)
    local name = vim.api.nvim_buf_get_name(bufnr)
    if vim.bo[bufnr].buftype == '' and name ~= '' and not name:find('^%a[%w+.-]+://') then
      on_dir(nil) -- no say of our own: `root_markers` decide
    end
  end,
  -- Neovim waits without blocking: it takes slow answers as they are, and text as it comes.
  init_options = { longRequests = true, streamText = true },
  commands = {
    ['mm-lsp.explain'] = run_action,
    ['mm-lsp.apply'] = run_action,
  },
  handlers = {
    ['$/progress'] = function(err, params, context)
      -- The text of an explanation must not flicker through status lines: such reports end here.
      if not require('mm_lsp.explain').take(params) then
        return vim.lsp.handlers['$/progress'](err, params, context)
      end
    end,
  },
  on_attach = function(client, bufnr)
    require('mm_lsp.commands').create(bufnr)
    if not vim.lsp.inline_completion then
      require('mm_lsp.completion').enable(client, bufnr)
    end
  end,
}
