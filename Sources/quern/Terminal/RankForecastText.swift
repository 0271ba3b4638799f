import Training

/// What several ranks are expected to cost, as text.
enum RankForecastText {
    static func text(_ forecast: RankForecast) -> String {
        let ranks = forecast.ranks
        let parts = [
            ["parameters", Figures.count(forecast.parameterCount)],
            [
                "tokens a step",
                "\(Figures.count(forecast.tokensPerStep)), "
                    + "\(Figures.count(forecast.tokensPerStep / ranks.count)) a rank",
            ],
            [
                "arithmetic",
                "\(Figures.significant(ranks.computeSeconds, 3)) s a step, "
                    + (forecast.isMeasured ? "measured here" : "as --gflops says"),
            ],
            [
                "network",
                "\(Figures.bytes(ranks.bytesPerSecond))/s, "
                    + "\(Figures.significant(ranks.latency * 1_000, 2)) ms",
            ],
            TrainingPlanTable.sent(ranks).map { $0.replacing(/^ +/, with: "") },
            [
                "messages",
                "\(Figures.significant(ranks.exchangeSeconds, 3)) s a step"
                    + (ranks.hiddenSeconds > 0
                        ? ", \(Figures.significant(ranks.hiddenSeconds, 3)) s more during the "
                            + "arithmetic" : ""),
            ],
        ]
        let expected = [
            ["arithmetic", Figures.percent(ranks.efficiency) + " of a step's time"],
            ["speed", "\(Figures.significant(forecast.speedup, 3)) times that of one rank"],
            ["training", "\(Figures.short(forecast.tokensPerSecond)) tokens/s"],
        ]
        var text = "A step of \(ranks.count) ranks\n" + Table.text(parts, indent: 2)
        text += "\nExpected\n" + Table.text(expected, indent: 2)
        if let advice = ranks.advice {
            text += "\nNote\n" + ProposalText.wrapped(advice, indent: 2)
        }
        return text
    }
}
