/// What a person, a script or a broken program may put where a number belongs.
enum HostileNumbers {
    /// Texts of numbers that are too large, too small or none at all, and of some that are good.
    static let all = [
        "inf", "-inf", "nan", "1e18", "1e308", "-1", "0", "9223372036854775807",
        "-9223372036854775808", "1e-320", "18446744073709551616", "", "1e", " 1", "٣", "0x10",
        "0.5", "3", "1e400",
    ]
}
