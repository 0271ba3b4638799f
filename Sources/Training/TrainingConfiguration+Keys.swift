import Models
import Processes
import TokenShards
public import Work

extension OptimizerKind: SettingChoice {}
extension LearningRateSchedule.Shape: SettingChoice {}
extension WireNumbers: SettingChoice {}

extension TrainingConfiguration: SettingSection {
    /// Every key of the section. The limits of numbers keep products of them and of a model's
    /// within 64 bits, and what is computed in 32-bit floats within their range.
    public static let settingKeys: [SettingKey<TrainingConfiguration>] =
        startKeys + windowKeys + optimizerKeys + occasionKeys

    private static let count = ValueRange.whole(0...1 << 40)
    private static let positive = ValueRange.whole(1...1 << 40)
    private static let few = ValueRange.whole(1...1 << 16)
    private static let rate = ValueRange.above(0, upTo: 1e38)
    private static let decay = ValueRange.real(0...0.999999)

    /// Length of a run, and what it begins from.
    private static let startKeys: [SettingKey<TrainingConfiguration>] = [
        .number(
            CodingKeys.steps, \.steps, positive, unit: "optimizer steps", "Optimizer steps in all.",
            also: [
                "max_steps", "max_iters", "num_steps", "n_steps", "train_steps", "total_steps",
                "iterations", "iters", "epochs", "num_train_epochs",
            ]),
        .value(
            CodingKeys.initFrom, \.initFrom, isFilled: true,
            """
            Model to begin from, by its directory; null to begin at random. Its shape is then \
            the run's, whatever section model says.
            """, example: "runs/kjv/checkpoints/best",
            also: ["pretrained", "from_pretrained", "base_model", "resume_from", "checkpoint"]),
        .number(
            CodingKeys.seed, \.seed, .seed,
            "Seed of the initial weights and of the order of windows.", also: ["random_seed"]),
        .value(
            CodingKeys.overfitOneBatch, \.overfitOneBatch,
            "Whether every step learns from the first batch, to see that it can be learned.",
            also: ["overfit", "overfit_batches"]),
    ]

    /// What a step learns from.
    private static let windowKeys: [SettingKey<TrainingConfiguration>] = [
        .number(
            CodingKeys.batchSize, \.batchSize, few, unit: "windows", "Windows of a batch.",
            also: [
                "batch", "bs", "micro_batch_size", "train_batch_size",
                "per_device_train_batch_size", "batchsize",
            ]),
        .number(
            CodingKeys.gradientAccumulationSteps, \.gradientAccumulationSteps, few,
            unit: "batches", "Batches whose gradients are summed before a step.", example: 4,
            also: ["grad_accum", "grad_accum_steps", "accumulation_steps", "accumulate"]),
        .number(
            CodingKeys.gradientSlots, \.gradientSlots, few, unit: "parts of a step",
            """
            Parts of a step's windows, each for a thread; null for 4, or fewer for a smaller \
            batch. Another number changes the last bits of the result.
            """, example: 8),
        .value(
            CodingKeys.packing, \.packing,
            """
            How documents are laid into windows. They stand one after another and are cut where \
            a window is full, begin where windows do, or are sorted so that few are cut.
            """, example: "best-fit", also: ["pack"]),
        .number(
            CodingKeys.stride, \.stride, positive, unit: "tokens",
            "Tokens between the beginnings of two training windows; null for n_positions.",
            when: "packing is concatenate", example: 128, also: ["window_stride"]),
        .value(
            CodingKeys.shifting, \.shiftsWindows,
            """
            Whether each epoch after the first cuts its windows elsewhere. A token then does not \
            have the same context each time that its text is read.
            """, when: "packing is concatenate", also: ["random_offset", "shuffle_offsets"]),
        .value(
            CodingKeys.masksDocuments, \.masksDocuments,
            """
            Whether a window's documents are read apart. Attention does not look from one into \
            another, and positions count from each one's beginning.
            """, also: ["document_mask", "doc_mask", "document_masking", "mask_docs"]),
        .value(
            CodingKeys.carrying, \.carriesState,
            """
            Whether a step goes on with the state that the last one ended with. Back-propagation \
            is truncated where a window begins.
            """, when: "model.architecture is rnn, lstm or gru", also: ["carry_state", "tbptt"]),
        .number(
            CodingKeys.dropout, \.dropout, .real(0...0.99), unit: "share of activations",
            "The share of activations that is dropped while training; 0 for none.", example: 0.1,
            also: ["dropout_rate", "resid_pdrop", "attn_pdrop", "embd_pdrop", "drop_rate"]),
        .value(
            CodingKeys.precision, \.precision,
            """
            Numbers in which matrix products multiply. mixed is bfloat16 where the processor \
            multiplies those faster, and else float32.
            """, also: ["dtype", "mixed_precision", "amp", "bf16", "fp16", "torch_dtype"]),
    ]

    /// How a step changes the parameters.
    private static let optimizerKeys: [SettingKey<TrainingConfiguration>] = [
        .value(
            CodingKeys.optimizer, \.optimizer,
            """
            Optimizer of the parameters. adamw is for all; muon is for the blocks' matrices, \
            beside AdamW for the rest.
            """, also: ["optim", "optimiser"]),
        .number(
            CodingKeys.learningRate, \.learningRate, rate,
            "AdamW's learning rate at its highest.",
            also: ["lr", "max_lr", "peak_lr", "base_lr", "eta", "adamw_learning_rate"]),
        .number(
            CodingKeys.muonLearningRate, \.muonLearningRate, rate,
            "Muon's learning rate at its highest, for the blocks' matrices.",
            when: "optimizer is muon", also: ["muon_lr"]),
        .number(
            CodingKeys.muonMomentum, \.muonMomentum, decay,
            "The decay of Muon's running mean of gradients.", when: "optimizer is muon",
            also: ["momentum"]),
        .number(
            CodingKeys.localSteps, \.localSteps, positive, unit: "optimizer steps",
            """
            Most steps that each rank takes alone before an outer step; null to take all together. \
            The outer step brings the parameters of several ranks together. Other bits for another \
            number of ranks.
            """, example: 50,
            also: ["inner_steps", "diloco_steps", "sync_every", "sync_interval"]),
        .number(
            CodingKeys.localGrowth, \.localGrowth, .real(0.001...1), unit: "share of the steps",
            """
            Most steps of a round, as a share of all before it; null for 1/48. While it is less \
            than two steps, ranks take each together.
            """, when: "local_steps is set", example: 0.04),
        .number(
            CodingKeys.outerLearningRate, \.outerLearningRate, .above(0, upTo: 1e6),
            "The learning rate of the outer step; null for 1.", when: "local_steps is set",
            example: 0.7, also: ["outer_lr"]),
        .number(
            CodingKeys.outerMomentum, \.outerMomentum, decay,
            "The decay of the outer step's Nesterov momentum; null for 0.",
            when: "local_steps is set", example: 0.9),
        .value(
            CodingKeys.wire, \.wire,
            """
            Numbers in which ranks send each other gradients; null for float32. With local_steps \
            it is what they have moved. bfloat16 is half the bytes, and the result then has other \
            bits than that of one process.
            """, when: "several ranks train", example: "bfloat16",
            also: ["comm_dtype", "reduce_dtype", "grad_reduce_dtype"]),
        .value(
            CodingKeys.schedule, \.schedule,
            """
            Shape of the learning rates after their rise. wsd stays at the highest and falls over \
            the last steps.
            """, also: ["scheduler", "lr_scheduler", "lr_schedule", "lr_scheduler_type", "decay"]),
        .number(
            CodingKeys.warmupSteps, \.warmupSteps, count, unit: "optimizer steps",
            "Steps over which the learning rate rises from zero.",
            also: ["warmup", "warmup_iters", "num_warmup_steps", "n_warmup_steps"]),
        .number(
            CodingKeys.decayFraction, \.decayFraction, .real(0...1), unit: "share of the steps",
            "The last steps, over which the learning rate falls, as a share of all.",
            when: "schedule is wsd", also: ["cooldown_fraction", "cooldown", "warmdown_fraction"]),
        .number(
            CodingKeys.finalLearningRateRatio, \.finalLearningRateRatio, .real(0...1),
            unit: "share of the highest rate", "The learning rate at the end.",
            when: "schedule is linear, cosine or wsd",
            also: ["min_lr_ratio", "min_lr", "final_lr_ratio", "final_lr_fraction"]),
        .number(
            CodingKeys.weightDecay, \.weightDecay, .real(0...1_000),
            "Decoupled weight decay, of matrices and embeddings alone.", also: ["wd"]),
        .number(
            CodingKeys.beta1, \.beta1, decay, "AdamW's decay of the gradient's running mean.",
            also: ["adam_beta1"]),
        .number(
            CodingKeys.beta2, \.beta2, decay,
            "AdamW's decay of the squared gradient's running mean.",
            also: ["adam_beta2", "betas"]),
        .number(
            CodingKeys.epsilon, \.epsilon, .real(1e-30...1),
            "Added to the root of the squared gradient's mean in AdamW.",
            also: ["eps", "adam_epsilon", "adam_eps"]),
        .number(
            CodingKeys.gradientClip, \.gradientClip, .real(0...1e9),
            "The largest global norm of the gradient; 0 for any. A longer one is scaled down.",
            also: ["grad_clip", "max_grad_norm", "clip", "clip_grad_norm", "gradient_clip_val"]),
        .number(
            CodingKeys.skipOutliers, \.skipOutliers, .real(0...1e9), unit: "standard deviations",
            """
            How far above the last steps' mean a loss or gradient is skipped; 0 skips none. What \
            is not finite is always skipped.
            """, example: 6),
    ]

    /// What is done now and then.
    private static let occasionKeys: [SettingKey<TrainingConfiguration>] = [
        .number(
            CodingKeys.evaluateEvery, \.evaluateEvery, positive, unit: "optimizer steps",
            "Steps between two evaluations of the validation split.",
            also: ["eval_every", "eval_interval", "eval_steps", "val_every", "evaluation_steps"]),
        .number(
            CodingKeys.evaluationStride, \.evaluationStride, positive, unit: "tokens",
            """
            Tokens between the beginnings of two evaluation windows; null for n_positions. A \
            smaller number gives each token more context, and takes more time.
            """, example: 128, also: ["eval_stride"]),
        .number(
            CodingKeys.earlyStopPatience, \.earlyStopPatience, count, unit: "evaluations",
            """
            Evaluations in a row without a new best after which the run ends; 0 for no early end.
            """, example: 5, also: ["patience", "early_stopping", "early_stop"]),
        .value(
            CodingKeys.tasks, \.tasks,
            """
            Files of tasks, whose questions the model is asked while it learns; null for none. \
            The figures go to metrics.jsonl, with those of who guesses.
            """, example: ["corpora/kjv-tasks.jsonl"], also: ["eval_tasks", "benchmarks"]),
        .number(
            CodingKeys.evaluateTasksEvery, \.evaluateTasksEvery, positive,
            unit: "optimizer steps",
            "Steps between two scorings of tasks; null for evaluate_every.",
            when: "tasks names some", example: 500,
            also: ["core_metric_every", "eval_tasks_every"]),
        .number(
            CodingKeys.sampleEvery, \.sampleEvery, count, unit: "optimizer steps",
            "Steps between two sets of samples; 0 draws none.", example: 100,
            also: ["sample_interval", "generate_every"]),
        .number(
            CodingKeys.checkpointEvery, \.checkpointEvery, positive, unit: "optimizer steps",
            "Steps between two checkpoints.",
            also: ["save_every", "save_steps", "save_interval", "checkpoint_interval"]),
        .number(
            CodingKeys.keepCheckpoints, \.keepCheckpoints, positive, unit: "checkpoints",
            "Checkpoints that are kept besides the best one.",
            also: ["save_total_limit", "max_checkpoints", "keep"]),
    ]
}
