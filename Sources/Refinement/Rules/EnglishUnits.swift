/// The units that are cut off behind a digit, and the currencies of several letters.
///
/// A class, because all that cuts words shares the one table.
final class EnglishUnits: Sendable {
    /// The one table of the process: immutable.
    static let shared = EnglishUnits()

    private let texts: Set<[UInt32]>

    private static let list =
        """
        km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s
        km/h kmh mph hPa Pa mbar mb MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см
        см² см³ мм мм² мм³ нм кг г мг м/с км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم²
        كم³ م م² م³ سم سم² سم³ مم مم² مم³ كم غرام جرام جم كغ ملغ كوب اكواب US$ C$ A$
        """

    private init() {
        texts = Set(
            Self.list.split(whereSeparator: \.isWhitespace).map { $0.unicodeScalars.map(\.value) })
    }

    /// Whether the characters are one of them.
    func contains(_ points: ArraySlice<UInt32>) -> Bool { texts.contains(Array(points)) }
}
