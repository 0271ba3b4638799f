// simdjson's way from a file of JSON lines to the texts in it, on one thread: on demand, many
// documents of one buffer, as its documentation advises for such files.
#include <chrono>
#include <cstdio>

#include <simdjson.h>

int main(int count, char **arguments) {
    if (count != 2) { return 2; }
    auto start = std::chrono::steady_clock::now();
    auto file = simdjson::padded_string::load(arguments[1]);
    if (file.error()) { return 1; }
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document_stream stream;
    // A batch has to hold the longest line.
    if (parser.iterate_many(file.value(), 16 << 20).get(stream)) { return 1; }
    size_t documents = 0, bytes = 0;
    for (auto document : stream) {
        std::string_view text;
        if (document["text"].get_string().get(text)) { return 1; }
        documents += 1;
        bytes += text.size();
    }
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf(
        "{\"documents\": %zu, \"bytes\": %zu, \"seconds\": %.6f}\n", documents, bytes,
        seconds.count());
}
