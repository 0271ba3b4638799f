import ArgumentParser
import Models

extension BeamSearch {
    /// Throws for a number of beams that no search has.
    static func validate(beams: Int) throws {
        guard (1...maximumBeamCount).contains(beams) else {
            throw ValidationError("--beams is from 1 to \(maximumBeamCount)")
        }
    }
}
