; Joint Filter: learned joint image filtering
; SPDX-License-Identifier: GPL-3.0-or-later
;
; denoise: a noisy photo by its flash photo, from file to file

(script-fu-use-v3)

(define (denoise noflash flash output)
  (let* ((image    (gimp-file-load RUN-NONINTERACTIVE noflash))
         (photo    (gimp-image-merge-visible-layers image CLIP-TO-IMAGE))
         (guidance (gimp-file-load-layer RUN-NONINTERACTIVE image flash)))
    (gimp-image-insert-layer image guidance 0 0)
    (plug-in-joint-filter-flash-denoise #:run-mode  RUN-NONINTERACTIVE
                                        #:image     image
                                        #:drawables (vector photo)
                                        #:guidance  guidance)
    (gimp-image-remove-layer image guidance)
    (gimp-file-save RUN-NONINTERACTIVE image output)))

; Two pictures of the same size side by side, a white line between them.
(define (put-side-by-side left right output)
  (let* ((image (gimp-file-load RUN-NONINTERACTIVE left))
         (width (gimp-image-get-width image))
         (layer (gimp-file-load-layer RUN-NONINTERACTIVE image right)))
    (gimp-image-insert-layer image layer 0 0)
    (gimp-layer-set-offsets layer (+ width 4) 0)
    (gimp-image-resize-to-layers image)
    (gimp-context-set-background '(255 255 255))
    (gimp-image-flatten image)
    (gimp-file-save RUN-NONINTERACTIVE image output)))
