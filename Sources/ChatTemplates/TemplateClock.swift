/// Day and time of day, for templates that write the date.
public struct TemplateClock: Equatable, Sendable {
    /// The year, as 2026.
    public var year: Int
    /// The month, from 1.
    public var month: Int
    /// The day of the month, from 1.
    public var day: Int
    /// The hour, from 0.
    public var hour = 0
    /// The minute, from 0.
    public var minute = 0
    /// The second, from 0.
    public var second = 0

    /// A day, at its beginning.
    public init(year: Int, month: Int, day: Int) {
        (self.year, self.month, self.day) = (year, month, day)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    private static let days = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// The day of the week, from 0 for Sunday: the method of Tomohiko Sakamoto.
    private var weekday: Int {
        let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
        let year = month < 3 ? self.year - 1 : self.year
        let sum = year + year / 4 - year / 100 + year / 400 + shifts[month - 1] + day
        return ((sum % 7) + 7) % 7
    }

    /// The day of the year, from 1.
    private var yearDay: Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return lengths.prefix(month - 1).reduce(day, +)
    }

    /// The time by a format of Python's `strftime`, in English; nil for what is not known of one.
    func text(_ format: String) -> String? {
        guard (1...12).contains(month), (1...9999).contains(year) else { return nil }
        var text = ""
        var scalars = format.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "%" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            var letter = scalars.next()
            // No zeros in front.
            let isShort = letter == "-"
            if isShort { letter = scalars.next() }
            guard let letter, let part = part(letter, isShort: isShort) else { return nil }
            text += part
        }
        return text
    }

    private func part(_ letter: Unicode.Scalar, isShort: Bool) -> String? {
        func padded(_ number: Int, _ width: Int = 2) -> String {
            let digits = String(number)
            let zeros = isShort ? 0 : max(0, width - digits.utf8.count)
            return String(repeating: "0", count: zeros) + digits
        }
        switch letter {
        case "Y": return String(year)
        case "y": return padded(year % 100)
        case "m": return padded(month)
        case "d": return padded(day)
        case "H": return padded(hour)
        case "I": return padded((hour + 11) % 12 + 1)
        case "M": return padded(minute)
        case "S": return padded(second)
        case "p": return hour < 12 ? "AM" : "PM"
        case "j": return padded(yearDay, 3)
        case "B": return Self.months[month - 1]
        case "b", "h": return String(Self.months[month - 1].prefix(3))
        case "A": return Self.days[weekday]
        case "a": return String(Self.days[weekday].prefix(3))
        case "w": return String(weekday)
        case "F": return "\(year)-\(padded(month))-\(padded(day))"
        case "T": return "\(padded(hour)):\(padded(minute)):\(padded(second))"
        case "%": return "%"
        default: return nil
        }
    }
}
