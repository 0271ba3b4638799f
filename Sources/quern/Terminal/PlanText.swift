import Pipeline

/// The plan of a run, as text.
enum PlanText {
    /// - Parameters:
    ///   - plan: the plan.
    ///   - commands: words of the commands that run it, one after another.
    static func text(_ plan: RunPlan, commands: [[String]]) -> String {
        let measured = [
            ["bytes per token", Figures.fixed(plan.measured.bytesPerToken, 3)],
            ["training", "\(Figures.short(plan.measured.tokensPerSecond)) tokens/s"],
            [
                "after \(Figures.short(Double(plan.measured.tokens))) tokens",
                "\(Figures.fixed(plan.measured.bitsPerByte, 3)) bits per byte",
            ],
        ]
        let expected = [
            ["bits per byte", expectation(plan)],
            [
                "training",
                "\(Figures.count(plan.steps)) steps, "
                    + "\(Figures.short(Double(plan.trainingTokens))) tokens, "
                    + Figures.time(plan.seconds),
            ],
            ["parameters", Figures.count(plan.parameterCount)],
            [
                "tokens per parameter",
                Figures.significant(plan.tokensPerParameter, 3),
            ],
            [
                "text",
                "\(Figures.short(Double(plan.corpusTokens))) tokens, read "
                    + "\(Figures.significant(plan.epochs, 2)) times",
            ],
            ["memory", Figures.bytes(Double(plan.memoryByteCount))],
        ]
        var text = "Measured\n" + Table.text(measured, indent: 2) + "\nChosen\n"
        for choice in plan.choices {
            text += "  \(choice.key) = \(choice.value)\n"
            text += ProposalText.wrapped(choice.reason, indent: 4)
        }
        text += "\nExpected\n" + Table.text(expected, indent: 2)
        if !plan.warnings.isEmpty {
            text +=
                "\nNote\n" + plan.warnings.map { ProposalText.wrapped($0, indent: 2) }.joined()
        }
        let lines = commands.map { "  " + $0.map(\.shellWord).joined(separator: " ") + "\n" }
        return text + "\nNext:\n" + lines.joined()
    }

    /// The bits per byte that are expected, with their range.
    static func expectation(_ plan: RunPlan) -> String {
        let range = plan.expected
        return "\(Figures.fixed(range.bitsPerByte, 2)) "
            + "(\(Figures.fixed(range.low, 2)) to \(Figures.fixed(range.high, 2)))"
    }
}
