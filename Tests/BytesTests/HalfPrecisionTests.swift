import Bytes
import Testing
import Work

#if !(os(macOS) && arch(x86_64))
    @Suite struct HalfPrecisionTests {
        @Test("every binary16 is the number that Float16 is, and comes back")
        func everyBinary16() {
            for bits in UInt16.min...UInt16.max {
                let value = HalfPrecision.float(binary16: bits)
                let expected = Float16(bitPattern: bits)
                guard !expected.isNaN else {
                    #expect(value.isNaN)
                    #expect(HalfPrecision.binary16(value) & 0x7E00 == 0x7E00)
                    continue
                }
                #expect(value.bitPattern == Float(expected).bitPattern)
                #expect(HalfPrecision.binary16(value) == bits)
            }
        }

        @Test("every bfloat16 is the upper half of its float, and comes back")
        func everyBFloat16() {
            for bits in UInt16.min...UInt16.max {
                let value = HalfPrecision.float(bfloat16: bits)
                #expect(value.bitPattern == UInt32(bits) << 16)
                if !value.isNaN { #expect(HalfPrecision.bfloat16(value) == bits) }
            }
        }

        @Test("numbers are rounded to the nearest, ties to even")
        func rounding() {
            var generator = RandomGenerator(seed: 3)
            var values: [Float] = []
            for bits in UInt16.min..<0x7C00 {
                // The middle between two neighbours, and what is next to it on both sides.
                let (a, b) = (Float16(bitPattern: bits), Float16(bitPattern: bits + 1))
                guard b.isFinite else { continue }
                let middle = (Float(a) + Float(b)) / 2
                values += [middle, middle.nextUp, -middle.nextDown]
            }
            for _ in 0..<100_000 {
                values.append(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())))
            }
            values += [65_519.996, 65_520, 1e30, .infinity, 0x1p-25, 0x1.000002p-25, 0x1p-140]
            for value in values where !value.isNaN {
                #expect(HalfPrecision.binary16(value) == Float16(value).bitPattern, "\(value)")
                let below = value.bitPattern & 0xFFFF_0000
                let rest = value.bitPattern - below
                let isUp = rest > 0x8000 || rest == 0x8000 && below & 0x10000 != 0
                let expected = UInt16(truncatingIfNeeded: (below >> 16) + (isUp ? 1 : 0))
                #expect(HalfPrecision.bfloat16(value) == expected, "\(value)")
            }
            #expect(HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(.nan)).isNaN)
            let almostInfinite = Float(bitPattern: 0x7F80_0001)
            #expect(HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(almostInfinite)).isNaN)
        }
    }
#endif
