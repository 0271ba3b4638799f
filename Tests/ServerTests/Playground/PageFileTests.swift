import Foundation
import Testing

@testable import Server

@Suite struct PageFileTests {
    private func text(_ path: String) throws -> String {
        let file = try #require(PageFile.all.first { $0.path == path })
        return try #require(String(validating: file.bytes, as: UTF8.self))
    }

    @Test func `the page is whole, and small`() throws {
        #expect(Set(PageFile.all.map(\.path)).count == PageFile.all.count)
        #expect(PageFile.all.map(\.bytes.count).reduce(0, +) < 90_000)
        #expect(try text("/").hasPrefix("<!doctype html>"))
        // A line break at its end is the sign that no byte was lost.
        #expect(try PageFile.all.allSatisfy { try text($0.path).hasSuffix("\n") })
    }

    @Test func `the page asks nobody else`() throws {
        // The names of SVG's elements are an address that nobody visits.
        let name = "http://www.w3.org/2000/svg"
        for file in PageFile.all {
            let rest = try text(file.path).replacing(name, with: "")
            #expect(!rest.contains("http://") && !rest.contains("https://"), "\(file.path)")
        }
        let style = try text("/playground.css")
        #expect(!style.contains("@import") && !style.contains("url("))
        let page = try text("/")
        for match in page.matches(of: /(?:src|href)="([^"]*)"/) {
            let target = String(match.output.1)
            #expect(
                PageFile.all.contains { $0.path == target } || target.hasPrefix("#")
                    || target.hasPrefix("data:image/"), "\(target)")
        }
    }

    @Test func `nothing in the page is code but its script`() throws {
        let page = try text("/")
        #expect(page.firstMatch(of: /<[^>]*\son[a-z]+\s*=/) == nil)
        #expect(page.firstMatch(of: /<[^>]*\sstyle\s*=/) == nil)
        let scripts = PageFile.all.filter { $0.path.hasSuffix(".js") }
        #expect(page.matches(of: /<script src="[^"]+" defer><\/script>/).count == scripts.count)
        #expect(page.matches(of: /<script/).count == scripts.count && !page.contains("<style"))
        let script = try scripts.map { try text($0.path) }.joined()
        for word in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(",
            "localStorage", "sessionStorage", "document.cookie", "srcdoc", "javascript:",
        ] {
            #expect(!script.contains(word), "\(word)")
        }
    }

    @Test func `every element that the script looks for is in the page`() throws {
        let page = try text("/")
        let script = try PageFile.all.filter { $0.path.hasSuffix(".js") }
            .map { try text($0.path) }.joined()
        let ids = Set(page.matches(of: /\sid="([^"]+)"/).map { String($0.output.1) })
        for match in script.matches(of: /\$\("([a-z-]+)"\)/) {
            #expect(ids.contains(String(match.output.1)), "\(match.output.1)")
        }
        // Each field has a label, and each panel its tab.
        for match in page.matches(of: /(?:for|aria-controls|aria-labelledby)="([^"]+)"/) {
            #expect(ids.contains(String(match.output.1)), "\(match.output.1)")
        }
        #expect(ids.count == page.matches(of: /\sid="/).count)
    }
}
