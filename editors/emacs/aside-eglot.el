;;; aside-eglot.el --- Aside as the language server of some modes  -*- lexical-binding: t; -*-

;; Eglot runs one server for each mode: these are the modes that get Aside.
(defvar aside-modes
  '(python-mode python-ts-mode sh-mode text-mode diff-mode markdown-mode))

(require 'eglot)
(require 'cl-lib)

(add-to-list 'eglot-server-programs (cons aside-modes '("aside" "lsp")))
(dolist (mode aside-modes)
  (add-hook (intern (format "%s-hook" mode)) #'eglot-ensure))

;; A change is looked at and accepted before it comes.
(setq eglot-confirm-server-edits nil)

;; Conversations are Markdown; without a mode for it Eglot would leave them alone.
(unless (locate-library "markdown-mode")
  (add-to-list 'auto-mode-alist '("\\.md\\'" . text-mode)))

;; What Aside shows lies in a folder of its own, and belongs to the project that it was shown for.
(defvar aside--shown nil)

(cl-defmethod eglot-handle-request :before
  (server (_method (eql window/showDocument)) &key uri &allow-other-keys)
  (push (cons (file-name-directory (eglot-uri-to-path uri)) (eglot--project server)) aside--shown))

(add-hook 'project-find-functions
          (lambda (folder) (cdr (assoc (expand-file-name folder) aside--shown))))

(defun aside-command (name &rest parameters)
  "Run the command NAME of Aside with PARAMETERS, a property list."
  (eglot-execute (eglot--current-server-or-lose)
                 `(:command ,name :arguments [,(or parameters (make-hash-table))])))

(defun aside-chat ()
  "Open a new conversation of this workspace as a Markdown document."
  (interactive)
  (aside-command "aside.chat.document" :new t))
