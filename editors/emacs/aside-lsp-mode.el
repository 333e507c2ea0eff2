;;; aside-lsp-mode.el --- Aside beside the mode's own server  -*- lexical-binding: t; -*-

(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client :new-connection (lsp-stdio-connection '("aside" "lsp"))
                    :activation-fn (lambda (&rest _) t)
                    :server-id 'aside
                    :add-on? t)))

;; Seconds until ghost text is asked for; it is 2 otherwise.
(setq lsp-inline-completion-idle-delay 0.3)

(defun aside-chat ()
  "Open a new conversation of this workspace as a Markdown document."
  (interactive)
  (lsp-workspace-command-execute "aside.chat.document" [(:new t)]))
