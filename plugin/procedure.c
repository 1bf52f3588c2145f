/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * procedure: a mode as a GIMP procedure
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "dialog.h"

#include "arguments.h"
#include "guidance.h"
#include "job.h"
#include "models.h"
#include "procedure.h"
#include "scene-source.h"


#define PROGRAM_NAME "joint-filter"


/* A mode, its arguments, and what it is to be done to. */
typedef struct
{
  const JfMode        *mode;
  GimpProcedureConfig *config;
  JfJob                job;
  JfSceneSource       *source;   /* of the dialog's preview; NULL: there is none */
} Run;

static GimpValueArray * run           (GimpProcedure        *procedure,
                                       GimpRunMode           run_mode,
                                       GimpImage            *image,
                                       GimpDrawable        **drawables,
                                       GimpProcedureConfig  *config,
                                       gpointer              run_data);
static GimpPDBStatusType run_mode_job (GimpProcedure        *procedure,
                                       GimpRunMode           run_mode,
                                       Run                  *self,
                                       GError              **error);
static GimpPDBStatusType ask          (GimpProcedure        *procedure,
                                       Run                  *self,
                                       const char           *title,
                                       GError              **error);
static gboolean         apply         (const JfTask         *task,
                                       gpointer              data,
                                       GError              **error);
static GList          * list_layers   (gpointer              data);
static gboolean         check_guidance (const Run            *self,
                                       GError              **error);
static void             get_arguments (JfJob                *job,
                                       GimpProcedureConfig  *config);
static void             show_progress (double                fraction,
                                       gpointer              data);
static char           * get_title     (const JfMode         *mode);


/*  public functions  */

/**
 * jf_procedure_new:
 * @plug_in: the plug-in
 * @mode:    a row of the table of modes
 *
 * Returns: (transfer full): the procedure, with its place in the menus and its arguments
 */
GimpProcedure *
jf_procedure_new (GimpPlugIn   *plug_in,
                  const JfMode *mode)
{
  GimpProcedure *procedure = gimp_image_procedure_new (plug_in, mode->procedure, GIMP_PDB_PROC_TYPE_PLUGIN,
                                                       run, (gpointer) mode, NULL);

  gimp_procedure_set_image_types (procedure, jf_mode_needs_colour (mode) ? "RGB*" : "RGB*, GRAY*");
  gimp_procedure_set_sensitivity_mask (procedure, GIMP_PROCEDURE_SENSITIVE_DRAWABLE |
                                                  GIMP_PROCEDURE_SENSITIVE_DRAWABLES);
  gimp_procedure_set_menu_label (procedure, _(mode->menu_label));
  gimp_procedure_add_menu_path (procedure, "<Image>/Filters/Joint Filter");
  gimp_procedure_set_documentation (procedure, _(mode->blurb), _(mode->help), mode->procedure);
  gimp_procedure_set_attribution (procedure, "The Joint Filter authors", "The Joint Filter authors", "2025");
  jf_arguments_add (procedure, mode);

  return procedure;
}


/*  private functions  */

static GimpValueArray *
run (GimpProcedure        *procedure,
     GimpRunMode           run_mode,
     GimpImage            *image,
     GimpDrawable        **drawables,
     GimpProcedureConfig  *config,
     gpointer              run_data)
{
  Run                self  = { run_data, config, { .image = image, .targets = drawables }, NULL };
  GError            *error = NULL;
  GimpPDBStatusType  status;

  gegl_init (NULL, NULL);

  /* Failures are reported once, by us. */
  gimp_plug_in_set_pdb_error_handler (gimp_procedure_get_plug_in (procedure), GIMP_PDB_ERROR_HANDLER_PLUGIN);

  status = run_mode_job (procedure, run_mode, &self, &error);
  g_clear_pointer (&self.job.pipeline, jf_pipeline_unref);

  return gimp_procedure_new_return_values (procedure, status, error);
}

static GimpPDBStatusType
run_mode_job (GimpProcedure  *procedure,
              GimpRunMode     run_mode,
              Run            *self,
              GError        **error)
{
  g_autofree char *title = get_title (self->mode);
  JfTask           task  = { gimp_get_num_processors (), NULL, show_progress, NULL };

  self->job.interactive = run_mode == GIMP_RUN_INTERACTIVE;

  if (self->job.interactive)
    return ask (procedure, self, title, error);

  if (run_mode == GIMP_RUN_WITH_LAST_VALS)
    jf_arguments_check_image (self->config, self->job.image);

  gimp_progress_init (title);

  return apply (&task, self, error) ? GIMP_PDB_SUCCESS : GIMP_PDB_EXECUTION_ERROR;
}

/* The dialog starts at the guidance a script gave, or else at the neighbour: a tattoo from the last
 * values may have come from another image, where it is another layer.
 */
static GimpPDBStatusType
ask (GimpProcedure  *procedure,
     Run            *self,
     const char     *title,
     GError        **error)
{
  g_autoptr (GList)         layers   = list_layers (self);
  g_autoptr (GimpLayer)     guidance = NULL;
  g_autoptr (JfSceneSource) source   = NULL;
  GimpPDBStatusType         status;

  if (! jf_job_check_targets (self->mode, self->job.image, self->job.targets, error))
    return GIMP_PDB_EXECUTION_ERROR;

  g_object_get (self->config, "guidance", &guidance, NULL);

  if (! guidance && self->mode->guidance == JF_GUIDANCE_OTHER)
    g_set_object (&guidance, jf_guidance_get_default (self->job.targets[0], layers));

  if ((guidance || self->mode->guidance == JF_GUIDANCE_OTHER) &&
      ! jf_guidance_check (guidance, self->job.image, self->job.targets, error))
    return GIMP_PDB_EXECUTION_ERROR;

  gimp_ui_init (PROGRAM_NAME);
  g_object_set (self->config, "guidance", NULL, NULL);
  source = jf_scene_source_new (self->mode, self->config, self->job.targets, error);

  if (! source)
    return GIMP_PDB_EXECUTION_ERROR;

  self->source = source;

  status = jf_dialog_run (&(JfDialogSubject) {
      .mode      = self->mode,
      .procedure = procedure,
      .config    = self->config,
      .title     = title,
      .guidance  = { list_layers, self, self->mode->guidance == JF_GUIDANCE_SELF, guidance },
      .source    = JF_PREVIEW_SOURCE (source),
      .apply     = apply,
      .data      = self
    }, error);

  jf_scene_source_stop (source);

  return status;
}

/* A JfApplyFunc. What was there when the dialog was opened may have changed since. */
static gboolean
apply (const JfTask  *task,
       gpointer       data,
       GError       **error)
{
  Run               *self    = data;
  JfJob             *job     = &self->job;
  JfPipelineOptions  options = { 0 };

  if (! jf_job_check_targets (self->mode, job->image, job->targets, error))
    return FALSE;

  get_arguments (job, self->config);
  jf_arguments_set_image (self->config, job->image);
  jf_arguments_get_options (self->config, self->mode, &options);

  /* A picture lies well on itself. */
  if (! job->guidance)
    options.motion = JF_MOTION_NONE;

  g_clear_pointer (&job->pipeline, jf_pipeline_unref);
  job->pipeline = jf_models_load (self->mode, &options, NULL, error);

  if (self->source)
    jf_scene_source_know (self->source, &job->known);

  return job->pipeline && check_guidance (self, error) && jf_job_run (job, task, error);
}

/* A JfListLayersFunc. */
static GList *
list_layers (gpointer data)
{
  const JfJob *job = &((const Run *) data)->job;

  return jf_guidance_list_candidates (job->image, job->targets);
}

/* Some modes do without, but not without the one that was chosen last time. */
static gboolean
check_guidance (const Run  *self,
                GError    **error)
{
  const JfJob *job = &self->job;

  if (self->mode->guidance == JF_GUIDANCE_SELF && ! jf_arguments_has_guidance (self->config))
    return TRUE;

  return jf_guidance_check (job->guidance, job->image, job->targets, error);
}

static void
get_arguments (JfJob               *job,
               GimpProcedureConfig *config)
{
  g_object_get (config, "strength", &job->strength, NULL);

  job->guidance  = jf_arguments_get_guidance (config, job->image);
  job->new_layer = gimp_procedure_config_get_choice_id (config, "output");
}

/* A JfProgressFunc. */
static void
show_progress (double   fraction,
               gpointer data)
{
  gimp_progress_update (fraction);
}

/* "Denoise with _Flash…" without what belongs to menus only. */
static char *
get_title (const JfMode *mode)
{
  char *title = gimp_strip_uline (_(mode->menu_label));

  if (g_str_has_suffix (title, "…"))
    title[strlen (title) - strlen ("…")] = '\0';

  return g_strchomp (title);    /* German has a space before "…" */
}
