/*
 * A plugin in C without any kit: the canonical ABI by hand, for the world `tools-only` of wit/.
 *
 * Its tool `echo` opens a WebSocket, sends a text, and answers with the text that comes back. Proves that
 * wit/ serves other languages; a real plugin in C would have `wit-bindgen c` write all but `echo`.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(from, name) __attribute__((import_module(from), import_name(name)))
#define TOOLS "yoi:plugin/tools@0.1.0"
#define WEBSOCKET "yoi:plugin/websocket@0.1.0"

typedef struct {
    const char *at;
    u32 length;
} text;

#define TEXT(literal) ((text){literal, sizeof(literal) - 1})

/* ---- wit/websocket.wit ---- */

/* `ws-error`: an integer of 64 bits is among its cases, so what follows the case begins at 8. */
typedef struct {
    u8 which;
    _Alignas(8) union {
        text why;
        unsigned long long bytes;
        struct {
            u16 code;
            text reason;
        } closed;
    };
} ws_error;

enum { DENIED, INVALID_URL, TOO_MANY, TOO_LARGE, TIMEOUT, CLOSED, CONNECT_FAILED, TLS, CANCELLED, PROTOCOL };

/* `result<own<connection>, ws-error>` */
typedef struct {
    u8 is_error;
    _Alignas(8) union {
        u32 connection;
        ws_error error;
    };
} opened;

/* `result<_, ws-error>` */
typedef struct {
    u8 is_error;
    _Alignas(8) ws_error error;
} sent;

/* `received` */
typedef struct {
    u8 which;
    union {
        struct {
            u8 is_binary;
            text content;
        } message;
        struct {
            u16 code;
            text reason;
        } closed;
    };
} received;

enum { A_MESSAGE, A_TIMEOUT, A_CLOSE };

/* `result<received, ws-error>` */
typedef struct {
    u8 is_error;
    _Alignas(8) union {
        received received;
        ws_error error;
    };
} receive_result;

_Static_assert(sizeof(ws_error) == 24 && sizeof(opened) == 32 && sizeof(sent) == 32, "the canonical ABI's sizes");
_Static_assert(sizeof(received) == 16 && sizeof(receive_result) == 32, "the canonical ABI's sizes");

IMPORT(WEBSOCKET, "open")
extern void ws_open(const char *url, u32 url_length, const text *subprotocols, u32 subprotocol_count,
                    const void *headers, u32 header_count, u32 has_timeout, u32 timeout_ms, opened *result);
IMPORT(WEBSOCKET, "[method]connection.send-text")
extern void ws_send_text(u32 connection, const char *at, u32 length, sent *result);
IMPORT(WEBSOCKET, "[method]connection.receive")
extern void ws_receive(u32 connection, u32 timeout_ms, receive_result *result);
IMPORT(WEBSOCKET, "[resource-drop]connection")
extern void ws_drop(u32 connection);

/* ---- memory: taken in order, and all given back when a call has been answered ---- */

extern u8 __heap_base;
static u8 *next;

EXPORT("cabi_realloc")
void *cabi_realloc(const u8 *old, u32 old_size, u32 align, u32 new_size)
{
    if (!next)
        next = &__heap_base;
    u32 begin = ((u32)next + align - 1) & -align;
    u32 end = begin + new_size;
    u32 have = (u32)__builtin_wasm_memory_size(0) << 16;
    if (end < begin || (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xffff) >> 16) == (u32)-1))
        __builtin_trap();
    u8 *fresh = (u8 *)begin;
    for (u32 i = 0; i < old_size && i < new_size; i++)
        fresh[i] = old[i];
    next = (u8 *)end;
    return fresh;
}

void *memcpy(void *to, const void *from, __SIZE_TYPE__ count)
{
    for (__SIZE_TYPE__ i = 0; i < count; i++)
        ((volatile u8 *)to)[i] = ((const u8 *)from)[i];
    return to;
}

/* ---- wit/tools.wit ---- */

typedef struct {
    text name, description, input_schema;
} tool;

typedef struct {
    const tool *at;
    u32 length;
} tools;

/* `result<string, tool-error>` */
typedef struct {
    u8 is_error;
    union {
        text answer;
        struct {
            u8 which;
            text why;
        } error;
    };
} answer;

enum { UNKNOWN_TOOL, INVALID_ARGUMENTS, FAILED };

_Static_assert(sizeof(answer) == 16, "the canonical ABI's size");

static const tool TOOLS_LISTED[] = {{
    TEXT("echo"),
    TEXT("Sends a text over a WebSocket and answers with the text that comes back."),
    TEXT("{\"type\":\"object\",\"properties\":{\"url\":{\"type\":\"string\"},\"text\":{\"type\":\"string\"}},"
         "\"required\":[\"url\",\"text\"]}"),
}};

EXPORT(TOOLS "#list")
const tools *list(void)
{
    static const tools all = {TOOLS_LISTED, 1};
    return &all;
}

EXPORT("cabi_post_" TOOLS "#list")
void list_taken(const tools *all)
{
    (void)all;
    next = 0;
}

static answer result;

static const answer *fail(u8 which, text why)
{
    result.is_error = 1;
    result.error.which = which;
    result.error.why = why;
    return &result;
}

static int same(text a, text b)
{
    if (a.length != b.length)
        return 0;
    for (u32 i = 0; i < a.length; i++)
        if (a.at[i] != b.at[i])
            return 0;
    return 1;
}

static text word_of(const ws_error *error)
{
    static const text words[] = {
        TEXT("denied"),  TEXT("invalid-url"),    TEXT("too-many-connections"), TEXT("message-too-large"),
        TEXT("timeout"), TEXT("closed"),         TEXT("connect-failed"),       TEXT("tls"),
        TEXT("cancelled"), TEXT("protocol"),
    };
    return error->which <= PROTOCOL ? words[error->which] : TEXT("?");
}

/* The member of a flat JSON object, if it is a string without escapes. */
static int member(text json, text name, text *value)
{
    text last = {0, 0};
    int is_key = 1, is_found = 0;
    for (u32 i = 0; i < json.length; i++) {
        char c = json.at[i];
        if (c == ':' || c == ',' || c == '{') {
            is_key = c != ':';
        } else if (c == '"') {
            u32 begin = ++i;
            while (i < json.length && json.at[i] != '"')
                if (json.at[i++] == '\\')
                    return 0;
            text string = {json.at + begin, i - begin};
            if (is_key)
                last = string;
            else if (same(last, name))
                *value = string, is_found = 1;
        }
    }
    return is_found;
}

static const answer *echo(text url, text content)
{
    opened open;
    ws_open(url.at, url.length, 0, 0, 0, 0, 0, 0, &open);
    if (open.is_error)
        return fail(FAILED, word_of(&open.error));
    sent sent;
    receive_result got;
    ws_send_text(open.connection, content.at, content.length, &sent);
    if (sent.is_error) {
        ws_drop(open.connection);
        return fail(FAILED, word_of(&sent.error));
    }
    ws_receive(open.connection, 10000, &got);
    ws_drop(open.connection);
    if (got.is_error)
        return fail(FAILED, word_of(&got.error));
    if (got.received.which == A_TIMEOUT)
        return fail(FAILED, TEXT("nothing came back"));
    if (got.received.which == A_CLOSE)
        return fail(FAILED, TEXT("the connection was closed"));
    if (got.received.message.is_binary)
        return fail(FAILED, TEXT("bytes came back"));
    result.is_error = 0;
    result.answer = got.received.message.content;
    return &result;
}

EXPORT(TOOLS "#call")
const answer *call(const char *name, u32 name_length, const char *arguments, u32 arguments_length)
{
    text url, content, json = {arguments, arguments_length};
    if (!same((text){name, name_length}, TEXT("echo")))
        return fail(UNKNOWN_TOOL, (text){0, 0});
    if (!member(json, TEXT("url"), &url) || !member(json, TEXT("text"), &content))
        return fail(INVALID_ARGUMENTS, TEXT("`url` and `text` are strings without escapes"));
    return echo(url, content);
}

EXPORT("cabi_post_" TOOLS "#call")
void call_taken(const answer *taken)
{
    (void)taken;
    next = 0;
}
