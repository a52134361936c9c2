if vim.g.loaded_mm_lsp then
  return
end
vim.g.loaded_mm_lsp = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('mm_lsp needs Neovim 0.11 or newer.', vim.log.levels.ERROR)
  return
end

vim.keymap.set('i', '<Plug>(mm-lsp-accept)', function()
  require('mm_lsp').accept()
end, { desc = 'mm-lsp: accept the suggestion' })
