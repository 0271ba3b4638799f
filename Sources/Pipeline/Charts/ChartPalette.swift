/// Colours and dashes of curves, by their number in a chart.
///
/// Colours that readers with any colour vision tell apart (Okabe and Ito, "Color Universal Design",
/// 2008), and lighter ones of the same hues for a dark ground. The yellow, which white swallows, is
/// left out.
package enum ChartPalette {
    private static let colours = [
        ("#0072b2", "#4aa8e8"), ("#d55e00", "#ff8f45"), ("#009e73", "#34cfa0"),
        ("#b3528a", "#e79bc6"), ("#1f2328", "#e6edf3"), ("#b97f00", "#f0b73a"),
        ("#2b8cc4", "#9ad4f7"),
    ]
    private static let dashes = ["", "7 3", "2 3", "9 3 2 3", "5 2 1 2 1 2", "1 2"]

    /// Colours that there are; a curve with a higher number begins with the first again.
    package static let count = colours.count

    /// Dashes of the curve `number`; empty for a whole line.
    package static func dash(_ number: Int) -> String { dashes[number % dashes.count] }

    /// Rules of a style sheet: the class `c0` is the first colour of lines, `m0` of areas.
    package static func rules(isDark: Bool) -> String {
        colours.enumerated().map { number, pair in
            let colour = isDark ? pair.1 : pair.0
            return ".c\(number){stroke:\(colour)} .m\(number){fill:\(colour)}"
        }.joined(separator: "\n")
    }
}
